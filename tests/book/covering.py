"""Does the book answer what the lab asks? Sections found by label, and the code below them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labcode.frameworks import FRAMEWORKS
from labcode.publish import checks
from labcode.publish.chapter import Chapter
from labcode.publish.parsing import READER
from tests.book import html_pages

STUB = "To be written"
QUESTION = ":class: question"


@dataclass(frozen=True)
class Requirement:
    """What the lab asks for in ``activity``, and the labels of the sections that answer it.

    ``report`` marks what a student's report must contain. Sections of ``prose`` need no code.
    """

    activity: str
    text: str
    labels: tuple[str, ...]
    report: bool = False
    prose: bool = False


@dataclass
class Section:
    """A labelled heading with all below it, down to the next heading of its rank."""

    chapter: Chapter
    label: str
    text: str = ""
    frameworks: list[str | None] = field(default_factory=list)
    """The framework of each code cell that a reader sees; None for shared ones."""


def sections(chapter: Chapter) -> list[Section]:
    """The labelled sections of a chapter; a label with no heading after it begins none."""
    found, opened, waiting = [], [], []
    for kind, value, level in parts(chapter):
        if kind == "label":
            waiting.append(Section(chapter, value))
            continue
        if kind == "heading":
            opened = [(rank, section) for rank, section in opened if rank < level]
            opened += [(level, section) for section in waiting]
            found += waiting
        waiting = []
        for _, section in opened:
            if kind == "code":
                section.frameworks.append(value)
            else:
                section.text += value + "\n"
    return found


def parts(chapter: Chapter) -> Iterator[tuple[str, str | None, int]]:
    """Labels, headings with their rank, prose, and visible code with its framework, in order."""
    for cell in chapter.cells:
        if cell.kind == "code":
            if cell.source.strip() and "remove-cell" not in cell.tags:
                yield "code", cell.framework, 0
            continue
        tokens = checks.tokens(cell.source, READER)
        for token, following in zip(tokens, [*tokens, None][1:], strict=True):
            if token.type == "myst_target":
                yield "label", token.content, 0
            elif token.type == "heading_open":
                yield "heading", following.content, int(token.tag[1:])
            elif token.type in ("inline", "fence", "colon_fence"):
                yield "prose", f"{token.info}\n{token.content}", 0


def uncovered(requirements: Sequence[Requirement], chapters: Sequence[Chapter]) -> list[str]:
    """What is missing: a section, its text, its code in each framework, the report's question."""
    known: dict[str, list[Section]] = {}
    for chapter in chapters:
        for section in sections(chapter):
            known.setdefault(section.label, []).append(section)
    wrong = []
    for asked in requirements:
        for label in asked.labels:
            here = known.get(label, [])
            if len(here) != 1:
                places = ", ".join(section.chapter.where for section in here) or "none"
                wrong.append(f"{label}: {len(here)} sections have this label ({places})")
                continue
            wrong += [
                f"{here[0].chapter.where}: {label}: {fault}" for fault in faults(here[0], asked)
            ]
    return list(dict.fromkeys(wrong))


def faults(section: Section, asked: Requirement) -> Iterator[str]:
    """What keeps ``section`` from answering ``asked``."""
    if STUB in section.text:
        yield "is still a stub"
    if not asked.prose:
        tagged = set(section.frameworks) - {None}
        if not section.frameworks:
            yield "has no code that a reader sees"
        elif tagged:
            for missing in FRAMEWORKS.keys() - tagged:
                yield f"has no code for {missing}"
    if asked.report and not any(QUESTION in cell.source for cell in section.chapter.cells):
        yield "its chapter asks no question for the report"


def misfiled(requirements: Sequence[Requirement], page: str) -> list[str]:
    """Where the table of ``page`` (Markdown) and ``requirements`` tell different things."""
    rows = [re.split(r" *\| *", line.strip(" |")) for line in page.splitlines() if line[:1] == "|"]
    table = {
        (activity, text): (report == "required", tuple(re.findall(r"\(#([\w-]+)\)", where)))
        for activity, text, report, where in rows[2:]
    }
    wanted = {(r.activity, r.text): (r.report, r.labels) for r in requirements}
    differing = [key for key in wanted | table if wanted.get(key) != table.get(key)]
    return [
        f"{' '.join(key)}: the list has {wanted.get(key)}, the table {table.get(key)}"
        for key in differing
    ]


def unanchored(
    requirements: Sequence[Requirement], chapters: Mapping[str, Chapter], site: Path
) -> list[str]:
    """Labels that no element of their chapter's built page has as its id."""
    where = {s.label: name for name, chapter in chapters.items() for s in sections(chapter)}
    labels = {label for asked in requirements for label in asked.labels}
    ids: dict[str, set[str]] = {}
    for name in {where[label] for label in labels if label in where}:
        parsed = html_pages.soup(site / f"{name}.html")
        ids[name] = {element["id"] for element in parsed.select("[id]")}
    return sorted(label for label in labels if label not in ids.get(where.get(label), set()))
