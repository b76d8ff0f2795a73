"""The course folder that nbgrader works in: its configuration, and the notebooks to release.

    nbgrader_config.py              written once, then the instructor's
    source/lab1-pytorch/*.ipynb     the solution edition, as chapters have it now
    source/lab1-tensorflow/*.ipynb

All else in the folder (``gradebook.db``, ``release``, ``submitted``, ``autograded``, ``feedback``)
is nbgrader's and the instructor's; nothing here writes or removes it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labcode.errors import LabcodeError
from labcode.files import atomic_write
from labcode.frameworks import FRAMEWORKS
from labcode.publish.contents import Book
from labcode.publish.notebooks import LAB, export

CONFIG = '''\
"""nbgrader's settings for this course folder.

`labcode assignment` wrote this file and never changes it again: it is yours to edit.
"""

from pathlib import Path

from labcode.publish import autograding

c = get_config()
autograding.configure(c, Path(__file__).parent)

# Your own settings come after that call, so they win. Some that a course may want:
# c.CourseDirectory.course_id = "cpre487-2026"           # the folder's name in the exchange
# c.Exchange.root = "/srv/nbgrader/exchange"             # a folder that all may write
# c.CourseDirectory.db_url = "postgresql://..."          # where several graders work at once
# c.Execute.timeout = 1200                               # seconds that one cell may take
'''


@dataclass(frozen=True)
class Written:
    """What was done: ``changed`` holds the notebooks of each assignment that are new or differ.

    ``configured`` tells that nbgrader_config.py was written, rather than found and kept.
    """

    folder: Path
    changed: dict[str, list[str]]
    configured: bool


def name(framework: str) -> str:
    """The assignment of one framework, as in ``lab1-pytorch``; a student does one of them."""
    return f"{LAB}-{framework}"


def write(book: Book, folder: Path, frameworks: Iterable[str] = tuple(FRAMEWORKS)) -> Written:
    """Write the course folder of ``book``, or bring its ``source`` up to date.

    Raises ChapterError for what cannot be exported, and LabcodeError when ``source`` holds a
    notebook that the book does not have; nothing was written then.
    """
    notebooks = {framework: export(book, "solution", [framework]) for framework in frameworks}
    stale = [
        path
        for framework, found in notebooks.items()
        for path in sorted((folder / "source" / name(framework)).glob("*.ipynb"))
        if path.name not in found
    ]
    if stale:
        more = f", and {len(stale) - 1} more" if len(stale) > 1 else ""
        raise LabcodeError(
            f"{stale[0]}: the book has no such notebook{more}. nbgrader would release it; if its "
            "chapter was renamed or removed, move it away. A notebook of your own belongs in a "
            "folder of its own below source/, as another assignment. Nothing was written"
        )
    changed: dict[str, list[str]] = {}
    for framework, found in notebooks.items():
        source = folder / "source" / name(framework)
        changed[name(framework)] = []
        for file, data in found.items():
            path = source / file
            if not path.is_file() or path.read_bytes() != data:
                atomic_write(path, data)
                changed[name(framework)].append(file)
    config = folder / "nbgrader_config.py"
    configured = not config.exists()
    if configured:
        atomic_write(config, CONFIG)
    return Written(folder, changed, configured)
