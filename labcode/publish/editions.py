"""The two editions of the site: students see stubs, instructors also what solves and grades them.

They share the executed notebooks and nothing else. Plain ``jupyter-book build`` makes the student
edition; only ``labcode book --edition instructor`` makes the other, in folders of its own.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from labcode.publish.chapter import Cell

STUDENT, INSTRUCTOR = "student", "instructor"
EDITIONS = (STUDENT, INSTRUCTOR)

NOTICE = "Instructor edition: do not publish"


def folders(edition: str) -> tuple[str, str]:
    """Names below ``_build`` of the finished site and of the folder in which it is made."""
    return ("html", "work") if edition == STUDENT else ("html-instructor", "work-instructor")


def shown(cell: "Cell", edition: str) -> str:
    """The source of a code cell as the page of this edition shows it."""
    from labcode.publish import markers  # here, for the command line of a student needs this module

    if edition == INSTRUCTOR:
        return cell.source
    if "exercise" in cell.tags:
        return markers.stub(cell.source)
    return markers.visible(cell.source) if "check" in cell.tags else cell.source
