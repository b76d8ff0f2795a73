"""Numbers that the prose of a chapter states: those in roles, and those that stand there bare.

A bare number is one in digits that is followed by a unit. Where it was measured here it belongs
into ``{measured}``, where the students' report gives it into ``{reported}``. What defines or
calculates something stands in code or in math, which are not looked at.
"""

import re
from collections.abc import Iterator

from labcode.errors import ChapterError
from labcode.publish import checks, directives, measured
from labcode.publish.chapter import Chapter
from labcode.publish.masking import blank, masked

ALONE = ("%", "per cent", "percent", "times", "×(?!\\s*\\d)", "fold", "images/s", "ns", "µs", "ms",
         "seconds?", "min", "minutes?", "hours?", "kB", "KiB", "MB", "MiB", "GB", "GiB", "mW",
         "watts?", "mJ", "joules?", "GFLOPS", "TFLOPS", "MHz", "GHz")  # fmt: skip
LETTERS = ("s", "h", "W", "J")
"""Units only after a space: the 1990s are no time."""

BARE = re.compile(
    r"(?<![\w.,])[-+−]?\d[\d.,]*(?:\s?[–-]\s?\d[\d.,]*)?"
    rf"(?:[\s-]?(?:{'|'.join(ALONE)})|\s(?:{'|'.join(LETTERS)}))(?![\w/])"
)
OTHER_ROLE = re.compile(r"\{(?!(?:measured|reported|math|code)\})[\w:-]+\}`[^`]*`")
ADDRESS = re.compile(r"(?<=\])\([^()]*\)|<[a-z]+:[^>]*>")


def bare(chapter: Chapter) -> list[str]:
    """``file:line: number`` for each bare number in the prose of ``chapter``."""
    found = []
    for text, line in prose(chapter):
        opened = OTHER_ROLE.sub(lambda match: match[0].replace("`", " "), text)
        seen = ADDRESS.sub(lambda match: blank(match[0]), masked(opened))
        for match in BARE.finditer(seen):
            at = line + text.count("\n", 0, match.start())
            found.append(f"{chapter.where}:{at}: {' '.join(match[0].split())}")
    return found


def wrong(chapter: Chapter) -> list[str]:
    """What the build would say about the measured numbers of ``chapter``: one fault a block."""
    found = []
    for text, line in prose(chapter):

        def fault(start: int, what: str, text: str = text, line: int = line) -> ChapterError:
            return ChapterError(f"{chapter.where}:{line + text.count(chr(10), 0, start)}: {what}")

        try:
            measured.plain(text, chapter, fault)
        except ChapterError as error:
            found.append(str(error))
    return found


def prose(chapter: Chapter) -> Iterator[tuple[str, int]]:
    """Each piece of prose, titles of boxes and grading notes included, and its line."""
    for cell in chapter.cells:
        if cell.kind == "markdown":
            yield from _prose(cell.source, cell.line)
    for note in chapter.notes:
        yield from _prose(note.block.body, note.block.body_line)


def _prose(source: str, line: int) -> Iterator[tuple[str, int]]:
    for block in directives.blocks(source, line):
        if block.kind == "text":
            yield block.text, block.line
        elif block.kind == "directive" and f"{{{block.name}}}" not in checks.LITERAL:
            yield block.argument, block.line
            yield from _prose(block.body, block.body_line)
