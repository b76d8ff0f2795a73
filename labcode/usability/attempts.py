"""Mistakes made on purpose: what the framework says to each, when, and how much it tells.

    attempts = Attempts()
    with attempts.make("four channels", layer="conv2d", expected="3 channels", found="4 channels"):
        model(images_with_four_channels)
    attempts.show()

Nothing here knows a message: what is printed and judged is what was raised.
"""

import re
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

SHOWN = 4
"""How many lines of a message are printed at most."""


@dataclass
class Attempt:
    """One mistake. ``stage`` is what is being done; set it anew as the mistake goes on.

    After the ``with``, ``error`` is the exception's class name and None if nothing was raised,
    ``message`` its text without colours, blank lines, and lines that only name a file, and
    ``raised_lines`` the number of lines that it had. ``names``
    tells for "layer", "expected" and "found" whether the message names it: True or False, and None
    where there is nothing to be named or no message.
    """

    mistake: str
    stage: str
    patterns: dict[str, str | None]
    error: str | None = None
    message: str = ""
    raised_lines: int = 0

    @property
    def names(self) -> dict[str, bool | None]:
        """Whether the message names what it might name."""
        return {
            what: bool(re.search(pattern, self.message, re.I)) if self.error and pattern else None
            for what, pattern in self.patterns.items()
        }


class Attempts:
    """The mistakes of a notebook, in the order in which they were made."""

    def __init__(self) -> None:
        self.made: list[Attempt] = []

    @contextmanager
    def make(
        self,
        mistake: str,
        stage: str = "call",
        *,
        layer: str | None = None,
        expected: str | None = None,
        found: str | None = None,
    ) -> Iterator[Attempt]:
        """Run the block, print what came of it, and go on.

        ``layer``, ``expected`` and ``found`` are patterns (of ``re``, whatever the case) of what a
        helpful message would name: the layer, what it expected, and what it found instead.
        """
        patterns = {"layer": layer, "expected": expected, "found": found}
        attempt = Attempt(mistake, stage, patterns)
        try:
            yield attempt
        except Exception as error:
            attempt.error = type(error).__name__
            lines = _plain(str(error)).splitlines()
            attempt.raised_lines = len(lines)
            kept = [line.strip() for line in lines if line.strip() and not _is_place(line)]
            attempt.message = "\n".join(kept)
        self.made.append(attempt)
        print(_told(attempt))

    def show(self) -> None:
        """Print a row for each mistake: error, moment, lines of its message, what that names."""
        print(f"{'mistake':24} {'error':20} {'at':5} lines layer expected found")
        for one in self.made:
            where = one.stage if one.error else "never"
            size = one.raised_lines if one.error else "-"
            marks = [_MARKS[value] for value in one.names.values()]
            row = f"{one.mistake:24} {one.error or 'none':20} {where:5} {size:>5} "
            print(row + f"{marks[0]:5} {marks[1]:8} {marks[2]}")

    def count(self, what: str) -> int:
        """How many mistakes raised an "error", or have a message that names ``what``."""
        if what == "error":
            return sum(one.error is not None for one in self.made)
        return sum(bool(one.names[what]) for one in self.made)


_MARKS = {True: "yes", False: "no", None: "-"}


def _told(attempt: Attempt) -> str:
    if attempt.error is None:
        return "no error"
    lines = attempt.message.splitlines()
    shown = [part for line in lines[:SHOWN] for part in _wrapped(line)]
    more = len(lines) - SHOWN
    rest = [f"... and {more} more line{'' if more == 1 else 's'}"] if more > 0 else []
    head = f"{attempt.error} at the {attempt.stage}:"
    return "\n".join([head, *(f"  {line}" for line in [*shown, *rest])])


def _wrapped(line: str) -> list[str]:
    return textwrap.wrap(line, 76, break_long_words=False, break_on_hyphens=False)


def _plain(message: str) -> str:
    """Without the codes that colour a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", message)


def _is_place(line: str) -> bool:
    return bool(re.match(r'\s*File "', line))
