"""A fault of an export: which file, what is wrong with it, how to mend it; and a list of them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong with ``file``; ``what`` and ``mend`` are clauses of a sentence."""

    file: str
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}: {self.what}. Mend: {self.mend}."


def lines(faults: Iterable[Fault]) -> list[str]:
    """One line for each kind of fault, with all the files that have it."""
    groups: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        groups.setdefault((fault.what, fault.mend), []).append(fault.file)
    return [str(Fault(braces(files), *group)) for group, files in groups.items()]


def braces(files: Iterable[str]) -> str:
    """``image_{0,1,2}.bin`` for names that differ in their numbers only, as a shell writes them."""
    kinds: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
    for file in files:
        words = re.split(r"(\d+)", file)
        kinds.setdefault(tuple(words[::2]), []).append(tuple(words[1::2]))
    return ", ".join(_together(words, numbers) for words, numbers in kinds.items())


def _together(words: tuple[str, ...], numbers: list[tuple[str, ...]]) -> str:
    """One pattern where the names are every combination of their numbers, else a few patterns."""
    columns = [list(dict.fromkeys(column)) for column in zip(*numbers, strict=True)]
    if prod(len(column) for column in columns) == len(numbers):
        inner = ["{" + ",".join(c) + "}" if len(c) > 1 else c[0] for c in columns]
        pairs = zip(words, [*inner, ""], strict=True)
        return "".join(word + number for word, number in pairs)
    first = columns[0]
    return ", ".join(
        _together(words, [own for own in numbers if own[0] == number]) for number in first
    )
