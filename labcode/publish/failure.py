"""A notebook that stopped: where in the chapter, what happened, and the plain traceback."""

import re

from nbformat import NotebookNode

from labcode.frameworks import FRAMEWORKS
from labcode.publish.chapter import Chapter

CELL_FRAME = re.compile(r"Cell In\[(\d+)\], line (\d+)")


class CellFailure(Exception):
    """The notebook stopped at ``cell`` (None: outside of any); ``details`` is plain text."""

    def __init__(self, cell: NotebookNode | None, reason: str, details: str = ""):
        super().__init__(reason)
        self.cell, self.reason, self.details = cell, reason, details


def explain(failure: CellFailure, chapter: Chapter, framework: str, notebook: NotebookNode) -> str:
    """Chapter, line, cell, framework, what happened, the cell's source and the traceback."""
    label = FRAMEWORKS[framework].label
    cell = failure.cell
    if cell is None:
        return f"{chapter.where}: {label}: {failure.reason}\n{failure.details}".rstrip()
    cells = [other for other in notebook.cells if other.cell_type == "code"]
    number = next(i for i, other in enumerate(cells, start=1) if other is cell)
    own = [
        int(line)
        for count, line in CELL_FRAME.findall(failure.details)
        if int(count) == cell.execution_count
    ]
    # The innermost frame in this cell is the statement that the traceback ends in.
    at = own[-1] if own else 1
    first = cell.metadata["labcode"]["line"]
    excerpt = []
    for offset, text in enumerate(cell.source.splitlines(), start=1):
        if abs(offset - at) <= 5:
            mark = ">" if own and offset == at else " "
            excerpt.append(f"  {mark} {first + offset - 1:4d} | {text}")
    return "\n".join(
        [
            f"{chapter.where}:{first + at - 1}: {label}: cell {number} of {len(cells)} "
            f"{failure.reason}",
            *excerpt,
            failure.details,
        ]
    ).rstrip()


def plain(text: str) -> str:
    """``text`` without the terminal's colour sequences."""
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)
