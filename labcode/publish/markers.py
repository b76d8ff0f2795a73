"""nbgrader's markers around solutions and hidden tests: where they stand, and what they clear."""

import re
from collections.abc import Iterator

from labcode.errors import ChapterError
from labcode.publish.chapter import Cell
from labcode.publish.checks import MARKER

NBGRADER = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")
"""What nbgrader acts on, wherever it stands in a line of any cell."""

KIND = r"(SOLUTION|HIDDEN[\W_]*TESTS?|MARK[\W_]*SCHEME)"
LIKE = re.compile(rf"^\s*#.*(\b(BEGIN|END)[\W_]*{KIND}|\b{KIND}[\W_]*(BEGIN|END)(?![a-z]))", re.I)
"""A comment that hides nothing though its author meant it to."""

ALLOWED = {"exercise": "SOLUTION", "check": "HIDDEN TESTS"}
"""Tag of a cell -> the kind of marker that it may have."""


def stub(source: str) -> str:
    """What a student finds in an exercise cell, by nbgrader's own clearing."""
    return _cleared(source, "ClearSolutions")


def visible(source: str) -> str:
    """What a student finds in a check cell, by nbgrader's own clearing."""
    return _cleared(source, "ClearHiddenTests")


def _cleared(source: str, name: str) -> str:
    from nbformat.v4 import new_code_cell
    from nbgrader import preprocessors

    cell = new_code_cell(source)
    preprocessor = getattr(preprocessors, name)(enforce_metadata=False)
    return preprocessor.preprocess_cell(cell, {"language": "python"}, 0)[0].source


def check(cell: Cell, where: str) -> None:
    """Markers stand where they clear something, and nothing looks like one without being one."""
    known = {line: (verb, kind) for line, verb, kind in exact(cell)}
    for line, text in enumerate(cell.source.splitlines(), start=cell.line):
        acts = NBGRADER.search(text)
        if not acts and not (cell.kind == "code" and LIKE.search(text)):
            continue
        if not acts or line not in known or cell.kind != "code":
            raise ChapterError(
                f"{where}:{line}: this looks like a marker of nbgrader; a marker is a line of a "
                "code cell that reads ### BEGIN SOLUTION, ### END SOLUTION, ### BEGIN HIDDEN TESTS "
                "or ### END HIDDEN TESTS; use other words anywhere else"
            )
        verb, kind = known[line]
        if kind not in [ALLOWED.get(tag) for tag in cell.tags]:
            tag = next(tag for tag, allowed in ALLOWED.items() if allowed == kind)
            raise ChapterError(
                f"{where}:{line}: '### {verb} {kind}' in a cell that is not tagged {tag}"
            )


def regions(source: str) -> list[range]:
    """The 1-based lines of each region that nbgrader clears, its BEGIN and its END included."""
    ends = [line for line, _, _ in marked(source)]
    return [range(begin, end + 1) for begin, end in zip(ends[::2], ends[1::2], strict=True)]


def hidden(source: str) -> list[list[tuple[int, str]]]:
    """Number and text of the lines between the markers of each region, blank ones left out."""
    lines = source.splitlines()
    return [
        [(line, text) for line in region[1:-1] if (text := lines[line - 1].strip())]
        for region in regions(source)
    ]


def exact(cell: Cell) -> Iterator[tuple[int, str, str]]:
    """Line, BEGIN or END, and kind of each line that is a marker and nothing else."""
    for line, verb, kind in marked(cell.source):
        yield cell.line + line - 1, verb, kind


def marked(source: str) -> Iterator[tuple[int, str, str]]:
    """The same of a source; lines count from 1."""
    for line, text in enumerate(source.splitlines(), start=1):
        if match := MARKER.match(text):
            yield line, match[1], match[2].strip()
