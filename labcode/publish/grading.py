"""What only an instructor reads: ``{grading}`` blocks, taken out of a chapter where it is read.

Directly after a box of questions a block holds one numbered list, a reference answer for each of
them; anywhere else it is prose. Whatever is made of ``chapter.cells`` therefore has nothing of
them: the instructor's page and the solution edition of a notebook ask ``chapter.notes``.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from labcode.errors import ChapterError
from labcode.publish import directives, markers
from labcode.publish.chapter import Cell, Chapter, Note
from labcode.publish.directives import Block

NAME = "grading"
LIKE = re.compile(r"^[\s>]*(?:(?:[-*+]|\d+[.)])\s+)*[:`~]{2,}\s*\{?\s*grading\b", re.I)
"""A line that opens such a block, or that its author meant to."""


def take(cells: Iterable[Cell], where: str) -> tuple[list[Cell], tuple[Note, ...]]:
    """The cells without their notes, blank lines in their place, and the notes."""
    kept, notes = [], []
    box: int | None = None
    for index, cell in enumerate(cells):
        kept.append(cell)
        if cell.kind == "code" or cell.framework:
            box = None
        if cell.kind == "code":
            continue
        lines = cell.source.splitlines()
        for block in directives.blocks(cell.source, cell.line):
            if block.kind == "comment":
                continue
            if block.name != NAME:
                box = block.line if block.is_question else None
                continue
            _check(block, where)
            notes.append(Note(index, block, box))
            start, size = block.line - cell.line, len(block.text.splitlines())
            lines[start : start + size] = [""] * size
            box = None
        for line, text in enumerate(lines, start=cell.line):
            if LIKE.match(text):
                raise ChapterError(
                    f"{where}:{line}: this would show grading notes to students: "
                    ":::{grading} stands at the beginning of a line, in no other block or list"
                )
        if "\n".join(lines) != cell.source.rstrip("\n"):
            kept[-1] = replace(cell, source="\n".join(lines))
    return kept, tuple(notes)


def restored(chapter: Chapter, index: int) -> str:
    """The source of the Markdown cell at position ``index`` with its notes in their places."""
    cell = chapter.cells[index]
    lines = cell.source.splitlines()
    for note in chapter.notes:
        if note.cell == index:
            text, start = note.block.text.splitlines(), note.block.line - cell.line
            lines[start : start + len(text)] = text
    return "\n".join(lines)


def _check(block: Block, where: str) -> None:
    """The block has a text, and nothing in it that nbgrader acts on."""
    directives.known_options(block, where)
    if block.argument:
        raise ChapterError(f"{where}:{block.line}: {{grading}} takes no title; write it below")
    if not block.body.strip():
        raise ChapterError(f"{where}:{block.line}: an empty {{grading}}; write what to look for")
    for line, text in enumerate(block.text.splitlines(), start=block.line):
        if markers.NBGRADER.search(text):
            raise ChapterError(f"{where}:{line}: a marker of nbgrader in a note; use other words")
