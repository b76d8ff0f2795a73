"""The written questions of a chapter: the numbered items of its boxes of class ``question``."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labcode.errors import ChapterError
from labcode.publish import directives
from labcode.publish.chapter import Chapter
from labcode.publish.directives import Block

POINTS = re.compile(r"\s*\((\d+) points?\)\s*$")
ITEM = re.compile(r"\s*\d+[.)]\s+")


@dataclass(frozen=True)
class Question:
    """``text`` is Markdown as in the chapter, from line ``line``; ``number`` counts from 1.

    ``answer`` is the instructor's, from line ``answer_line``; empty where there is none.
    """

    number: int
    text: str
    points: int
    line: int
    answer: str = ""
    answer_line: int = 0


def read(chapter: Chapter) -> dict[int, list[Question]]:
    """The questions of each box, by the box's first line; numbers go on from box to box.

    Graded by hand, a point each unless the item ends with ``(N points)``.
    """
    boxes: dict[int, list[Question]] = {}
    answers = {note.box: note.block for note in chapter.notes if note.box is not None}
    number = 0
    for cell in chapter.cells:
        if cell.kind == "code":
            continue
        for block in directives.blocks(cell.source, cell.line):
            if block.kind == "directive" and block.body.lstrip().startswith("---"):
                # MyST would read a class here, and nobody would grade such a box of questions.
                raise ChapterError(
                    f"{chapter.where}:{block.line}: options between lines of ---; write each as "
                    ":name: value"
                )
            if not block.is_question:
                continue
            if cell.framework:
                raise ChapterError(
                    f"{chapter.where}:{block.line}: questions are for both frameworks; end the "
                    f"prose for {cell.framework} before them with +++"
                )
            directives.known_options(block, chapter.where, "class")
            asked = list(_items(block, chapter.where, "a box of questions"))
            told = _answers(answers.get(block.line), len(asked), chapter.where)
            boxes[block.line] = []
            for (text, line), answer in zip(asked, told, strict=True):
                number += 1
                found = POINTS.search(text)
                points = int(found[1]) if found else 1
                question = Question(number, POINTS.sub("", text), points, line, *answer)
                boxes[block.line].append(question)
    return boxes


def _answers(block: Block | None, wanted: int, where: str) -> list[tuple[str, int]]:
    """Text and line of the answers in ``block``, one for each of ``wanted`` questions."""
    if block is None:
        return [("", 0)] * wanted
    found = list(_items(block, where, "grading after a box of questions"))
    if len(found) != wanted:
        raise ChapterError(
            f"{where}:{block.line}: number of answers here: {len(found)}, of questions in the box "
            f"before: {wanted}; write an item for each question"
        )
    return found


def _items(block: Block, where: str, what: str) -> Iterator[tuple[str, int]]:
    """Each item of the numbered list in ``block``, without its number, and its line."""
    lines = block.body.splitlines()
    tokens = directives.parse(block.body, inline=False)
    if {token.type for token in tokens if not token.level and token.map} != {"ordered_list_open"}:
        raise ChapterError(
            f"{where}:{block.line}: {what} holds one numbered list and nothing else; "
            "put other text before it, or into an item"
        )
    for token in tokens:
        if token.type == "list_item_open" and token.level == 1:
            start, end = token.map
            width = len(ITEM.match(lines[start])[0])
            rest = [line[min(width, len(line) - len(line.lstrip())) :] for line in lines[start:end]]
            rest[0] = lines[start][width:]
            yield "\n".join(rest).rstrip(), block.body_line + start
