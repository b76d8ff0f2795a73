"""One page from one chapter: both frameworks' cells with their outputs, and how they were made.

``merge`` returns an ordinary notebook in the order of the source. Framework code keeps its tag,
framework prose travels in a ``{framework-prose}`` directive; ``tabs.py`` turns both into tabs when
MyST-NB has rendered them. What both kernels run stands once, with its output once. In the student
edition nothing of a solution, a hidden test or a grading note is in that notebook.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import nbformat
from nbformat import NotebookNode

from labcode.agreement import Comparison
from labcode.publish import closing, editions, grading, markers, quoting
from labcode.publish.chapter import Cell, Chapter
from labcode.publish.execute import Executed, differing_shared_cells

DIFFERS = "The two kernels gave different output here."


def merge(
    chapter: Chapter,
    executed: Mapping[str, Executed] | None = None,
    comparisons: Sequence[Comparison] = (),
    edition: str = editions.STUDENT,
    top: str = "",
) -> NotebookNode:
    """The notebook that MyST-NB renders as the page of ``chapter``; ``top`` stands under its title.

    ``executed`` maps a framework's key to its executed notebook; without it the chapter is a plain
    page. ``metadata.source_map`` holds a line of the source for each cell, so that Sphinx's
    warnings name the line in the ``.md``. Code cells keep ``metadata.labcode.index``, their
    position in ``chapter.cells``. Raises ChapterError when an output in the student edition quotes
    what the edition hides.
    """
    outputs = {key: outputs_by_index(run.notebook) for key, run in (executed or {}).items()}
    split = differing(chapter, executed) if executed else set()
    if edition == editions.STUDENT:
        silent = silent_checks(chapter)
        outputs = {
            key: {index: [] if index in silent else found for index, found in one.items()}
            for key, one in outputs.items()
        }
        split -= silent
        quoting.check(chapter, outputs)
    cells: list[NotebookNode] = []
    lines: list[int] = []
    for index in range(len(chapter.cells)):
        for node, line in nodes(shown(chapter, index, edition), index, outputs, index in split):
            cells.append(node)
            # MyST-NB counts code from this line, but prose from the one after it.
            lines.append(line - 1 if node.cell_type == "code" else line - 2)
    above = [*filter(None, [top]), *(closing.notices(executed) if executed else ())]
    if above:
        at = after_title(cells, lines)
        cells[at:at] = map(markdown, above)
        lines[at:at] = [lines[at - 1]] * len(above)
    if executed:
        cells.append(markdown(closing.section(chapter, executed, comparisons)))
        lines.append(lines[-1])
    metadata = {k: v for k, v in chapter.metadata.items() if k not in ("kernelspec", "jupytext")}
    metadata["source_map"] = lines
    if executed:
        # Without a lexer MyST-NB warns at every cell.
        metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
    return nbformat.v4.new_notebook(cells=cells, metadata=nbformat.from_dict(metadata))


def shown(chapter: Chapter, index: int, edition: str) -> Cell:
    """The cell at position ``index`` with what readers of this edition see."""
    cell = chapter.cells[index]
    if cell.kind == "code":
        return replace(cell, source=editions.shown(cell, edition))
    if edition == editions.INSTRUCTOR:
        return replace(cell, source=grading.restored(chapter, index))
    return cell


def silent_checks(chapter: Chapter) -> set[int]:
    """Positions of the checks with hidden tests: what those print is theirs, too."""
    return {
        index
        for index, cell in enumerate(chapter.cells)
        if "check" in cell.tags and markers.regions(cell.source)
    }


def nodes(
    cell: Cell, index: int, outputs: Mapping[str, dict[int, list]], split: bool
) -> Iterator[tuple[NotebookNode, int]]:
    """The page's cells, each with its 1-based source line, that one cell of the chapter becomes.

    ``split`` shows the outputs of a shared cell for each framework instead of once.
    """
    if cell.kind == "markdown":
        if cell.framework is None:
            yield markdown(cell.source), cell.line
        else:
            fence = fence_around(cell.source)
            text = f"{fence}{{framework-prose}} {cell.framework}\n{cell.source}\n{fence}"
            yield markdown(text), cell.line - 1
        return
    if cell.framework is not None:
        yield code(cell, index, outputs.get(cell.framework, {}).get(index, [])), cell.line
        return
    found = {key: by_index.get(index, []) for key, by_index in outputs.items()}
    if not split:
        yield code(cell, index, next(iter(found.values()), [])), cell.line
        return
    yield code(cell, index, []), cell.line
    yield markdown(f":::{{div}} lab-note\n{DIFFERS}\n:::"), cell.line
    for key, one in found.items():
        # The source stands above, once; a cell without output would leave an empty tab.
        if one:
            yield code(cell, index, one, extra=(key, "remove-input")), cell.line
        else:
            fence = f":::{{framework-prose}} {key}\n*No output.*\n:::"
            yield markdown(fence), cell.line


def outputs_by_index(notebook: NotebookNode) -> dict[int, list]:
    """The outputs of each code cell, by the cell's position in the chapter."""
    return {
        cell.metadata["labcode"]["index"]: cell.outputs
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


def differing(chapter: Chapter, executed: Mapping[str, Executed]) -> set[int]:
    """Positions of the shared code cells that gave other text, or other pictures, in each kernel.

    Equal data make equal bytes of a figure, for both kernels draw with one matplotlib.
    """
    runs = list(executed.values())
    found = {i for other in runs[1:] for i in differing_shared_cells(chapter, runs[0], other)}
    drawn = [{i: pictures(o) for i, o in outputs_by_index(r.notebook).items()} for r in runs]
    for index, cell in enumerate(chapter.cells):
        if cell.kind == "code" and cell.framework is None:
            if any(one[index] != drawn[0][index] for one in drawn):
                found.add(index)
    return found


def pictures(outputs: list) -> list:
    """The pictures among ``outputs``, as they are stored."""
    bundles = [output.get("data", {}) for output in outputs]
    return [[b[kind] for kind in sorted(b) if kind.startswith("image/")] for b in bundles]


def markdown(text: str) -> NotebookNode:
    """A Markdown cell."""
    return nbformat.v4.new_markdown_cell(text)


def code(cell: Cell, index: int, outputs: list, extra: tuple[str, ...] = ()) -> NotebookNode:
    """A code cell with its tags, its position in the chapter, and ``outputs``."""
    metadata = dict(cell.metadata)
    metadata["tags"] = [*cell.tags, *extra]
    metadata["labcode"] = {"index": index}
    return nbformat.v4.new_code_cell(
        cell.source, metadata=nbformat.from_dict(metadata), outputs=outputs
    )


def fence_around(text: str) -> str:
    """A colon fence longer than any in ``text``."""
    longest = max((len(run) for run in re.findall(r"^\s*(:{3,})", text, re.M)), default=2)
    return ":" * (longest + 1)


def after_title(cells: list[NotebookNode], lines: list[int]) -> int:
    """Cut the first cell behind the page's title; the position at which notices may stand."""
    if not cells or cells[0].cell_type != "markdown":
        return 0
    source = cells[0].source.split("\n")
    title = next((i for i, line in enumerate(source) if line.startswith("# ")), None)
    if title is None:
        return 0
    cells[0].source = "\n".join(source[: title + 1])
    rest = "\n".join(source[title + 1 :])
    if rest.strip():
        cells.insert(1, markdown(rest))
        lines.insert(1, lines[0] + title + 1)
    return 1
