"""The roles of numbers in prose: ``{measured}`` from recorded runs, ``{reported}`` by the students.

{measured}`speed.best in 1.8..4 as .1f` shows the quantity as the result files give it now, and is
an error where it lies outside of that band. {reported}`30–32 %` marks a figure that the students'
report states; it is shown as it is written, and nothing of this book vouches for it.
"""

import re
from collections.abc import Callable
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole
from sphinx.writers.html5 import HTML5Translator

from labcode.experiments import measured
from labcode.experiments.quantities import QuantityError, measure
from labcode.publish import cache
from labcode.publish.chapter import Chapter
from labcode.publish.masking import OPAQUE, outside_blocks
from labcode.publish.reading import Reading

MEASURED, REPORTED = measured.ROLE, "reported"
ROLE = re.compile(
    rf"(?:{OPAQUE.pattern})"  # whatever begins earlier is no role
    rf"|\{{(?P<role>{MEASURED}|{REPORTED})\}}(?P<marks>`+)(?P<told>[^`]+)(?P=marks)"
)
SPECIAL = re.compile(r"[\\`*_{}\[\]<>|$~]")


def results(chapter: Chapter) -> Path:
    """The recorded runs of the book to which ``chapter`` belongs."""
    return cache.results(chapter.path.parents[chapter.name.count("/")])


def plain(text: str, chapter: Chapter, fault: Callable[[int, str], Exception]) -> str:
    """``text`` with both roles as plain Markdown, in as many lines.

    ``fault`` makes the exception of a role that begins at a position of ``text``, and a message.
    """

    def number(match: re.Match) -> str:
        if not match["role"]:
            return match[0]
        told = match["told"]
        if "\n" in told:
            raise fault(match.start(), f"write {{{match['role']}}} on one line")
        if match["role"] == MEASURED:
            try:
                told = measured.read(told).shown(results(chapter)).text
            except QuantityError as error:
                raise fault(match.start(), str(error)) from error
        return SPECIAL.sub(r"\\\g<0>", told)

    if f"{{{MEASURED}}}" not in text and f"{{{REPORTED}}}" not in text:
        return text  # without parsing it, which takes long
    return outside_blocks(ROLE, number, text)


def numbers(chapter: Chapter) -> dict[str, float]:
    """The measured numbers that the page states, by name, as the results give them now.

    Those of grading notes are left out, for students do not read them. Raises QuantityError.
    """
    found: list[str] = []

    def note(match: re.Match) -> str:
        if match["role"] == MEASURED:
            found.append(measured.read(match["told"]).name)
        return match[0]

    for cell in chapter.cells:
        if cell.kind == "markdown" and f"{{{MEASURED}}}" in cell.source:
            outside_blocks(ROLE, note, cell.source)
    return {name: measure(name, results(chapter)).value for name in sorted(set(found))}


class Number(nodes.inline):
    """A measured number; its ``title`` says what it is and what it rests on."""


def visit(self: HTML5Translator, node: Number) -> None:
    self.body.append(self.starttag(node, "span", "", title=node["title"]))


def depart(self: HTML5Translator, node: Number) -> None:
    self.body.append("</span>")


class MeasuredRole(SphinxRole):
    """The number as the result files give it, or an error at the line of the role."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        chapter = Reading.book.chapters[self.env.docname]
        try:
            shown = measured.read(self.text).shown(results(chapter))
        except QuantityError as error:
            message = self.inliner.reporter.error(str(error), line=self.line(chapter))
            return [self.inliner.problematic(self.text, self.rawtext, message)], [message]
        return [Number("", shown.text, title=shown.title, classes=[MEASURED])], []

    def line(self, chapter: Chapter) -> int:
        """The role's own line; MyST knows only that of its paragraph."""
        lines = chapter.path.read_text(encoding="utf-8").splitlines()
        found = [number for number, line in enumerate(lines, 1) if self.text in line]
        return min(found, key=lambda number: abs(number - self.lineno), default=self.lineno)


class ReportedRole(SphinxRole):
    """A figure of the report as plain text."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [nodes.inline("", self.text, classes=[REPORTED])], []


def setup(app: Sphinx) -> None:
    """Register both roles."""
    app.add_node(Number, html=(visit, depart))
    app.add_role(MEASURED, MeasuredRole())
    app.add_role(REPORTED, ReportedRole())
