"""Outputs that quote what the student edition hides: warnings and tracebacks show lines of code."""

from collections.abc import Mapping

from nbformat import NotebookNode

from labcode.errors import ChapterError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import editions, markers
from labcode.publish.chapter import Chapter
from labcode.publish.failure import plain

SHORTEST = 12
"""Characters of a line; shorter ones are printed by chance."""


def check(chapter: Chapter, outputs: Mapping[str, Mapping[int, list[NotebookNode]]]) -> None:
    """No cell printed a line of a solution or hidden test that students do not read elsewhere.

    ``outputs`` maps a framework's key to the outputs of the cells at these positions. Raises
    ChapterError with the file and line of the cell that printed.
    """
    hidden = _hidden(chapter)
    for framework, by_index in outputs.items():
        for index, found in by_index.items():
            cell = chapter.cells[index]
            if {"remove-cell", "remove-output"} & set(cell.tags):
                continue
            said = "\n".join(map(_text, found))
            for text, line in hidden.items():
                if text in said:
                    raise ChapterError(
                        f"{chapter.where}:{cell.line}: in {FRAMEWORKS[framework].label} this cell "
                        f"prints line {line}, which students must not read; a warning or a "
                        "traceback quotes the line that it is about: avoid it, or catch it"
                    )


def _hidden(chapter: Chapter) -> dict[str, int]:
    """Each line that the student edition hides -> its line in the file."""
    code = [cell for cell in chapter.cells if cell.kind == "code"]
    shown = "\n".join(editions.shown(cell, editions.STUDENT) for cell in code)
    return {
        text: cell.line + line - 1
        for cell in code
        for region in markers.hidden(cell.source)
        for line, text in region
        if len(text) >= SHORTEST and text not in shown
    }


def _text(output: NotebookNode) -> str:
    """What a stream or an error says, without colours; nothing of other outputs."""
    if output.output_type == "stream":
        return plain(output.text)
    return plain("\n".join(output.traceback)) if output.output_type == "error" else ""
