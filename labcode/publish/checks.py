"""What makes a chapter malformed: each check names the file and the line, and what to write.

Markdown never fails to parse; a mistyped tag or an unclosed fence would silently move a cell into
the wrong tab or swallow it. These checks turn such accidents into a ChapterError.
"""

import difflib
import re
from collections.abc import Iterator, Sequence

from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.mdit import create_md_parser

from labcode.errors import ChapterError
from labcode.frameworks import FRAMEWORKS
from labcode.publish.chapter import Cell

DISPLAY_TAGS = frozenset(
    {"hide-input", "hide-output", "hide-cell", "remove-input", "remove-output", "remove-cell"}
    | {"scroll-output", "raises-exception"}
)
"""MyST-NB's own tags that a chapter may use."""

EXERCISE_TAGS = frozenset({"exercise", "check"})
"""What a student solves, and the cell after it that tests the answer."""

KNOWN_TAGS = DISPLAY_TAGS | EXERCISE_TAGS | FRAMEWORKS.keys()

LITERAL = ("{code-cell}", "{code-block}", "{code}", "{sourcecode}", "{literalinclude}", "{math}")
"""Directives whose body is not Markdown."""

OPENING_FENCE = re.compile(r"^(`{3,}|~{3,}|:{3,})\{[\w:-]+\}")
MARKER = re.compile(r"^\s*#+\s*(BEGIN|END)\b\s*([A-Z ]*?)\s*$")
MARKER_KINDS = ("SOLUTION", "HIDDEN TESTS")


def tokens(text: str, reader: MdParserConfig) -> list[Token]:
    """The blocks of ``text``; inline text is not parsed, for nothing here asks for it."""
    parser = create_md_parser(reader, RendererHTML)
    parser.disable("inline", ignoreInvalid=True)
    return parser.parse(text + "\n")


def fences(text: str, where: str, reader: MdParserConfig) -> None:
    """Every fence and directive is closed, and no code cell hides inside another block."""
    _fences(text, 0, where, reader, outer=None)


def _fences(text: str, offset: int, where: str, reader: MdParserConfig, outer: str | None) -> None:
    """Check the blocks of ``text``, whose first line is line ``offset + 1`` of the file."""
    lines = text.splitlines()
    for token in tokens(text, reader):
        if token.type not in ("fence", "colon_fence") or token.map is None:
            continue
        start, end = token.map
        line = offset + start + 1
        name = token.info.split(maxsplit=1)[0] if token.info.strip() else ""
        is_cell = name.startswith("{code-cell}")
        if is_cell and (outer or token.level):
            raise ChapterError(
                f"{where}:{line}: a code cell inside {outer or 'a list or quote'} would not run; "
                f"close {outer or 'that'} first, or move the cell to the top level"
            )
        last = lines[end - 1].strip(" >") if start < end - 1 < len(lines) else ""
        if len(last) < len(token.markup) or set(last) != set(token.markup[:1]):
            raise ChapterError(
                f"{where}:{line}: the block {token.markup}{name} is never closed; "
                f"end it with a line {token.markup}"
            )
        if is_cell:
            for i, inner in enumerate(token.content.splitlines()):
                if (found := OPENING_FENCE.match(inner)) and found[1][0] == token.markup[0]:
                    raise ChapterError(
                        f"{where}:{line}: this code cell is not closed before the next "
                        f"directive (line {line + 1 + i}); end it with a line {token.markup}"
                    )
        elif name.startswith("{") and not name.startswith(LITERAL):
            _fences(token.content, line, where, reader, f"{name} (opened on line {line})")


def tags(found: object, where: str, lines: list[str], start: int, first: int) -> str | None:
    """The framework that the tags name, or None; unknown and contradictory tags are refused.

    ``start`` and ``first`` bound the cell's head (0-based), to find the line to blame.
    """
    head = range(max(0, start - 1), max(first, start) + 1)
    if not isinstance(found, (list, tuple)) or not all(isinstance(tag, str) for tag in found):
        line = _line_of(str(found), lines, head)
        raise ChapterError(f"{where}:{line}: tags must be a list, as in [pytorch, hide-input]")
    for tag in found:
        if tag not in KNOWN_TAGS:
            near = difflib.get_close_matches(tag, sorted(KNOWN_TAGS), n=1)
            hint = (
                f"did you mean '{near[0]}'?" if near else "known: " + ", ".join(sorted(KNOWN_TAGS))
            )
            raise ChapterError(f"{where}:{_line_of(tag, lines, head)}: unknown tag '{tag}'; {hint}")
    named = [tag for tag in found if tag in FRAMEWORKS]
    if len(named) > 1:
        raise ChapterError(
            f"{where}:{_line_of(named[1], lines, head)}: a cell belongs to one framework or, "
            f"untagged, to all; this one names {' and '.join(named)}"
        )
    return named[0] if named else None


def _line_of(word: str, lines: list[str], head: range) -> int:
    for i in head:
        if i < len(lines) and word in lines[i]:
            return i + 1
    return head.start + 1


def cells(found: Sequence[Cell], where: str, reader: MdParserConfig) -> None:
    """Markers are balanced, headings shared, and no framework is left without code."""
    for cell in found:
        if cell.kind == "code":
            _markers(cell, where)
        elif cell.framework:
            for token in tokens(cell.source, reader):
                if token.type == "heading_open" and token.map:
                    raise ChapterError(
                        f"{where}:{cell.line + token.map[0]}: a heading in prose for "
                        f"{cell.framework} only would vanish into a tab; put it before the "
                        "cell break, where both share it"
                    )
    tagged = {cell.framework: cell for cell in reversed(found) if cell.kind == "code"}
    tagged.pop(None, None)
    for missing in FRAMEWORKS.keys() - tagged.keys() if tagged else ():
        other = next(iter(tagged))
        raise ChapterError(
            f"{where}:{tagged[other].line}: there are cells for {other} and none for {missing}; "
            "write both, or leave the tag out if the code is the same"
        )


def _markers(cell: Cell, where: str) -> None:
    """BEGIN and END lines of nbgrader, in pairs, not nested, and spelt as nbgrader wants them."""
    opened: tuple[str, int] | None = None
    for line, verb, kind in _marker_lines(cell):
        if kind not in MARKER_KINDS:
            near = difflib.get_close_matches(kind, MARKER_KINDS, n=1)
            hint = f"; did you mean '### {verb} {near[0]}'?" if near else ""
            raise ChapterError(f"{where}:{line}: unknown marker '{verb} {kind}'{hint}")
        if verb == "BEGIN" and opened:
            raise ChapterError(
                f"{where}:{line}: '### BEGIN {kind}' before the '### END {opened[0]}' that "
                f"line {opened[1]} needs"
            )
        if verb == "END" and (opened is None or opened[0] != kind):
            raise ChapterError(f"{where}:{line}: '### END {kind}' without its '### BEGIN {kind}'")
        opened = (kind, line) if verb == "BEGIN" else None
    if opened:
        raise ChapterError(
            f"{where}:{opened[1]}: '### BEGIN {opened[0]}' is never closed; "
            f"add '### END {opened[0]}' in the same cell"
        )


def _marker_lines(cell: Cell) -> Iterator[tuple[int, str, str]]:
    for i, text in enumerate(cell.source.splitlines()):
        if match := MARKER.match(text):
            yield cell.line + i, match[1], match[2].strip()


def first_heading(text: str, reader: MdParserConfig) -> str | None:
    """The text of the first heading, as written."""
    found = tokens(text, reader)
    for token, content in zip(found, found[1:], strict=False):
        if token.type == "heading_open":
            return content.content
    return None
