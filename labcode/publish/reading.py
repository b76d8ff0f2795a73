"""What Sphinx does not pass to a reader or a directive: the book, and the page being read."""

from labcode.publish import editions
from labcode.publish.contents import Book
from labcode.publish.exercises import Tasks
from labcode.publish.repository import Repository


class Reading:
    """One build at a time in a process; ``book`` has been run.

    ``home`` is the name of the site's first page, ``published`` where the site lies. ``docname``
    and ``tasks`` are those of the page that is being read.
    """

    book: Book | None = None
    edition: str = editions.STUDENT
    home: str = ""
    published: Repository | None = None
    docname: str = ""
    tasks: Tasks | None = None
