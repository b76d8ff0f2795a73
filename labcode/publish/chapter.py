"""A chapter as everything else sees it: its cells, and the notebook that one framework runs.

The source is one MyST notebook, with the extra rule that code cells and cell breaks may carry the
tag of one framework. ``project`` drops the other framework's cells and prose, which leaves an
ordinary notebook that runs by itself. ``parsing`` reads chapters.
"""

import copy
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labcode.frameworks import FRAMEWORKS
from labcode.publish.directives import Block


@dataclass(frozen=True)
class Cell:
    """One cell of a chapter; ``framework`` is None for what belongs to both.

    ``line`` is the 1-based line in the ``.md`` at which ``source`` begins, so that line k of a
    traceback is line ``line + k - 1`` of the file. ``metadata`` leaves the tags out.
    """

    kind: str
    source: str
    tags: tuple[str, ...]
    framework: str | None
    line: int
    metadata: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Note:
    """A block for instructors in the cell at position ``cell``.

    ``box`` is the first line of the questions that it answers, None for prose that answers none.
    """

    cell: int
    block: Block
    box: int | None


@dataclass(frozen=True)
class Chapter:
    """A checked chapter: ``name`` is its path below the project root without the suffix.

    ``notes`` are for instructors; nothing of them is in ``cells``.
    """

    path: Path
    name: str
    title: str
    cells: tuple[Cell, ...]
    metadata: dict = field(default_factory=dict)
    notes: tuple[Note, ...] = ()

    @property
    def executable(self) -> bool:
        """True when the chapter has a code cell, and so a kernel to run it in."""
        return any(cell.kind == "code" for cell in self.cells)

    @property
    def where(self) -> str:
        """The file as error messages name it."""
        return self.name + self.path.suffix

    @property
    def frameworks(self) -> tuple[str, ...]:
        """The frameworks this chapter runs in: all of them, or none for a plain page."""
        return tuple(FRAMEWORKS) if self.executable else ()


def project(chapter: Chapter, framework: str) -> NotebookNode:
    """The ordinary notebook that remains when the other framework's cells and prose are dropped.

    nbformat 4.5, without outputs. A cell's id is a digest of its content, so it survives edits
    elsewhere; ``cell.metadata["labcode"]`` says which cell of the chapter it was, and its line.
    """
    label = FRAMEWORKS[framework].label
    notebook = nbformat.v4.new_notebook()
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {
                "name": "python3",
                "display_name": f"Python 3 ({label})",
                "language": "python",
            },
            "language_info": {"name": "python", "pygments_lexer": "ipython3"},
            "labcode": {"chapter": chapter.name, "framework": framework},
        }
    )
    seen: dict[str, int] = {}
    for index, cell in enumerate(chapter.cells):
        if cell.framework not in (None, framework):
            continue
        make = nbformat.v4.new_code_cell if cell.kind == "code" else nbformat.v4.new_markdown_cell
        metadata = copy.deepcopy(cell.metadata)
        if cell.tags:
            metadata["tags"] = list(cell.tags)
        metadata["labcode"] = {"index": index, "line": cell.line}
        digest = hashlib.sha256(f"{cell.kind}\0{cell.source}".encode()).hexdigest()[:12]
        seen[digest] = seen.get(digest, 0) + 1
        suffix = f"-{seen[digest]}" if seen[digest] > 1 else ""
        node = make(cell.source, metadata=nbformat.from_dict(metadata))
        node["id"] = digest + suffix
        notebook.cells.append(node)
    return notebook
