"""What a student must not find, read from the chapters' own text, and where it is found.

The chapters are read line by line, without the code that clears them. A *needle* is a line of a
solution, of a hidden test or of a grading note, without its white space. A line that also stands
where students read it (a teaching cell, a statement, a hint, a visible check, labcode's source) is
no needle by itself: it becomes one together with the lines around it, as far as is needed.
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from sphinx.search.en import SearchEnglish

from tests.book.opening import INDEX, TAG, Opener, views

SHORTEST = 12
"""Characters of a needle; shorter ones stand by chance in other people's scripts."""
WORDS = 18
"""Letters of a needle that is prose."""
KEY = 8
MARKER = re.compile(r"\s*#+\s*(BEGIN|END) (SOLUTION|HIDDEN TESTS)\s*$")
NOTE = re.compile(r"\s*(:{3,}|`{3,}|~{3,})\s*\{grading\}")
ID = re.compile(r"exercise: *\{.*?id: *([\w-]+)")
SPACE = b" \t\n\r\x0b\x0c"
SIGNS = bytes(i for i in range(256) if not (i < 128 and chr(i).isalnum()))
BREAKS = re.compile(r"\[|\]\([^)]*\)|\$[^$]*\$|\{[\w-]+\}(?=`)|[`*]|<[^>]*>|[.,;:!?](?=\s|$)")


@dataclass(frozen=True)
class Secret:
    """A solution, hidden test or grading note; ``before`` is the line above it in its cell."""

    kind: str
    name: str
    place: str
    lines: tuple[str, ...]
    before: str = ""

    @property
    def label(self) -> str:
        """What an error message calls it."""
        return f"{self.kind} of {self.name} ({self.place})"


@dataclass
class Source:
    """The secrets of a book, and all that its students may read."""

    secrets: list[Secret] = field(default_factory=list)
    shown: dict[str, list[str]] = field(default_factory=dict)
    """Lines by the name of their chapter."""


def read(root: Path) -> Source:
    """The chapters of the book at ``root``, told apart by their markers alone."""
    source = Source()
    for path in sorted((root / "book").rglob("*.md")):
        lines = path.read_text(encoding="utf-8").splitlines()
        _read(lines, path.relative_to(root).with_suffix("").as_posix(), source)
    return source


def _read(lines: list[str], chapter: str, source: Source) -> None:
    name, before, kind, closing = "", "", "", ""
    held: list[str] = []
    start = 0
    shown = source.shown.setdefault(chapter, [])
    for number, line in enumerate(lines, start=1):
        marker, note = MARKER.match(line), NOTE.match(line)
        if kind:
            if (closing and line.strip() == closing) or (not closing and marker):
                owner = f"line {start}" if closing else name
                place = f"{chapter}.md:{start}"
                source.secrets.append(Secret(kind, owner, place, tuple(held), before))
                kind, closing, held = "", "", []
            elif line.strip():
                held.append(line)
        elif marker or note:
            kind = "grading note" if note else f"{marker[2].lower().rstrip('s')}"
            closing, start = (note[1] if note else ""), number
        else:
            shown.append(line)
            if found := ID.match(line):
                name = found[1]
            if line.strip():
                before = line
    if kind:
        raise ValueError(f"{chapter}.md:{start}: this {kind} does not end")


def squeezed(text: str) -> bytes:
    """Without white space, which Pygments, JSON and line breaks move about."""
    return text.encode().translate(None, SPACE)


def letters(text: str) -> bytes:
    """Letters and digits of ASCII alone: prose however it is marked up and its quotes are bent."""
    return text.encode().translate(None, SIGNS).lower()


@dataclass
class Needles:
    """``code`` and ``prose`` map a needle to whose it is; ``common`` counts lines left to others.

    ``common`` are lines that students read elsewhere; alone they tell nothing.
    """

    code: dict[bytes, Secret] = field(default_factory=dict)
    prose: dict[bytes, Secret] = field(default_factory=dict)
    common: int = 0
    total: int = 0


def needles(source: Source, extra: Iterable[str] = ()) -> Needles:
    """The needles of all secrets; ``extra`` are further texts that students may read.

    Raises ValueError naming a secret of which nothing could be recognised.
    """
    shown = [line for lines in source.shown.values() for line in lines] + [*extra]
    code, prose = squeezed("\n".join(shown)), letters("\n".join(shown))
    found = Needles()
    for secret in source.secrets:
        if secret.kind == "grading note":
            mine = {p for line in secret.lines for p in map(letters, BREAKS.split(line))}
            found.total += len(secret.lines)
            found.common += sum(letters(line) in prose for line in secret.lines)
            mine = [one for one in mine if len(one) >= WORDS and one not in prose]
            found.prose.update((one, secret) for one in mine)
        else:
            found.total += len(secret.lines)
            found.common += sum(squeezed(line) in code for line in secret.lines)
            mine = list(_runs(secret, code))
            found.code.update((one, secret) for one in mine)
        if not mine:
            raise ValueError(f"the {secret.label} has no line by which it could be recognised")
    return found


def _runs(secret: Secret, shown: bytes) -> Iterator[bytes]:
    """For each line the shortest run of lines from it that is long enough and not shown."""
    lines = [squeezed(line) for line in (secret.before, *secret.lines)]
    for first in range(1, len(lines)):
        ends = range(first + 1, len(lines) + 1)
        # A last line that says nothing alone is told by those before it.
        starts = [(first, end) for end in ends] + [
            (s, len(lines)) for s in range(first - 1, -1, -1)
        ]
        for start, end in starts:
            run = b"".join(lines[start:end])
            if len(run) >= SHORTEST and run not in shown:
                yield run
                break


class Search:
    """Finds needles in files; ``found`` says whose they are and where."""

    def __init__(self, wanted: Needles):
        self.kinds = ((squeezed, Words(wanted.code)), (letters, Words(wanted.prose)))
        self.opener = Opener()
        self.found: list[tuple[str, Secret]] = []

    def file(self, where: str, data: bytes) -> None:
        """Search one file and all that is in it."""
        seen = set()
        for place, text in self.opener.texts(where, data):
            for reduce, words in self.kinds:
                if (plain := reduce(text)) not in seen:
                    seen.add(plain)
                    self.found += [(place, secret) for secret in words.secrets_in(plain)]

    def folder(self, site: Path) -> None:
        """Search every file below ``site``, hidden ones too, and the names of all."""
        for path in sorted(site.rglob("*")):
            where = path.relative_to(site).as_posix()
            self.file(f"{where} (its name)", where.encode())
            if path.is_file():
                self.file(where, path.read_bytes())

    def messages(self) -> list[str]:
        """Each secret with the first place of it, and no text of it."""
        return [f"{where}: {secret.label}" for where, secret in dict.fromkeys(self.found)]


class Words:
    """Which of many texts occur in another, by the eight bytes in the middle of each."""

    def __init__(self, wanted: dict[bytes, Secret]):
        self.by_key: dict[int, list[tuple[int, bytes, Secret]]] = {}
        for text, secret in wanted.items():
            middle = (len(text) - KEY) // 2
            key = int.from_bytes(text[middle : middle + KEY], "little")
            self.by_key.setdefault(key, []).append((middle, text, secret))
        self.sieve = np.zeros(1 << 16, bool)
        self.sieve[_hashed(np.array(list(self.by_key), np.uint64))] = True

    def secrets_in(self, data: bytes) -> Iterator[Secret]:
        """The secrets with a needle in ``data``."""
        for offset in range(min(KEY, len(data) - KEY + 1)):
            keys = np.frombuffer(data, "<u8", count=(len(data) - offset) // KEY, offset=offset)
            (places,) = np.nonzero(self.sieve[_hashed(keys)])
            for place, key in zip(places.tolist(), keys[places].tolist(), strict=True):
                for middle, text, secret in self.by_key.get(key, ()):
                    start = offset + KEY * place - middle
                    if start >= 0 and data.startswith(text, start):
                        yield secret


def _hashed(keys: np.ndarray) -> np.ndarray:
    """Sixteen bits of each key, well mixed."""
    return (keys * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(48)


def index_leaks(site: Path, source: Source) -> list[str]:
    """Words of secrets that the search index has for a page which does not show them."""
    english = SearchEnglish({})
    index = read_index(site)
    secret = {english.stem(w): s for s in source.secrets for w in english.split("\n".join(s.lines))}
    shown = []
    for name in index["docnames"]:
        page = (site / f"{name}.html").read_text(encoding="utf-8")
        texts = [*views(TAG.sub(" ", page)), *views(TAG.sub("", page)), *source.shown.get(name, ())]
        shown.append({english.stem(word) for word in set(english.split(" ".join(texts)))})
    wrong = []
    for table in ("terms", "titleterms"):
        for word in index[table].keys() & secret.keys():
            documents = index[table][word]
            documents = documents if isinstance(documents, list) else [documents]
            if not documents:  # left over from what a page showed before
                wrong.append(f"searchindex.js, on no page: {secret[word].label}")
            for i in documents:
                if word not in shown[i]:
                    wrong.append(f"searchindex.js, {index['docnames'][i]}: {secret[word].label}")
    return sorted(set(wrong))


def read_index(site: Path) -> dict:
    """Sphinx's search index of a site."""
    text = (site / "searchindex.js").read_text(encoding="utf-8").strip()
    return json.loads(text.removeprefix(INDEX).removesuffix(")"))
