"""What Sphinx does not pass to a reader or a directive: the book, and the page being read."""

from labcode.publish.contents import Book


class Reading:
    """One build at a time in a process; ``book`` has been run."""

    book: Book | None = None
    docname: str = ""
