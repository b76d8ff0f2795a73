"""Markdown with its code and math blanked out, so that patterns find prose only."""

import re
from collections.abc import Callable

from labcode.publish import directives

OPAQUE = re.compile(
    r"\\."  # an escaped character
    r"|(?<!`)(?P<ticks>`+)(?!`)(?:(?!\n[ \t]*\n)[\s\S])+?(?<!`)(?P=ticks)(?!`)"  # a span of code
    r"|\$\$(?:(?!\n[ \t]*\n)[\s\S])+?\$\$|\$(?!\s)[^$\n]+?\$"  # math
)


def masked(text: str) -> str:
    """``text`` with code, math and escaped characters blanked out, every position kept."""
    return OPAQUE.sub(lambda found: blank(found[0]), _without_blocks(text))


def substitute(pattern: re.Pattern, replace: Callable[..., str], text: str) -> str:
    """``text`` with each match outside of code and math made ``replace(start, *groups)``."""
    pieces, done = [], 0
    for match in pattern.finditer(masked(text)):
        # The groups as they are in the text: in the mask, code in a link's title is blank.
        groups = [text[slice(*span)] if span[0] >= 0 else "" for span in match.regs[1:]]
        pieces += [text[done : match.start()], replace(match.start(), *groups)]
        done = match.end()
    return "".join([*pieces, text[done:]])


def outside_blocks(pattern: re.Pattern, replace: Callable[[re.Match], str], text: str) -> str:
    """``text`` with each match outside of blocks of code and math made ``replace(match)``."""
    pieces, done = [], 0
    for match in pattern.finditer(_without_blocks(text)):
        pieces += [text[done : match.start()], replace(match)]
        done = match.end()
    return "".join([*pieces, text[done:]])


def blank(text: str) -> str:
    """Spaces in the place of ``text``, its lines kept."""
    return re.sub(r"[^\n]", " ", text)


def _without_blocks(text: str) -> str:
    lines = text.split("\n")
    for token in directives.parse(text, inline=False):
        if token.type in ("fence", "code_block", "math_block") and token.map:
            for i in range(*token.map):
                lines[i] = blank(lines[i])
    return "\n".join(lines)
