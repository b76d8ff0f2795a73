"""Exercises on a page: the box with the statement, its hints, its cells, and grading notes."""

from docutils import nodes
from docutils.parsers.rst import directives
from docutils.parsers.rst.directives.admonitions import Hint as PlainHint
from sphinx.transforms import SphinxTransform
from sphinx.util.docutils import SphinxDirective
from sphinx_design.dropdown import DropdownDirective

from labcode.publish import editions, markers
from labcode.publish.commonmark import in_points
from labcode.publish.reading import Reading

PARTS = {
    editions.STUDENT: {"exercise": "Your code", "check": "Check"},
    editions.INSTRUCTOR: {"exercise": "Solution", "check": "Check, with hidden tests"},
}
"""What stands above the code of an exercise and of its check."""

EXPECTED = "Expected output"


class ExerciseBox(SphinxDirective):
    """The statement of an exercise with its points; ``#exercise-<id>`` leads to it."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"id": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        name = self.options.get("id", "")
        if name not in Reading.tasks.exercises:
            raise self.severe("{exercise} stands at the top level of a chapter, and in no block")
        points = Reading.tasks.exercises[name].points
        text, messages = self.state.inline_text(self.arguments[0], self.lineno)
        told = nodes.inline("", in_points(points), classes=["lab-points"])
        title = nodes.title("", "", nodes.Text("Exercise: "), *text, nodes.Text(" "), told)
        box = nodes.admonition("", title, *messages, classes=["lab-exercise"])
        anchor = f"exercise-{name}"
        if anchor not in self.state.document.ids:  # a statement may stand in either tab
            box["ids"].append(anchor)
            self.state.document.ids[anchor] = box
        self.set_source_info(box)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class Hint(DropdownDirective):
    """A numbered hint, folded away until the reader asks; without a number docutils' own."""

    option_spec = {"class": directives.class_option}

    def run(self) -> list[nodes.Node]:
        if not self.arguments:
            box = PlainHint(self.name, [], self.options, self.content, self.lineno,
                            self.content_offset, self.block_text, self.state,
                            self.state_machine)  # fmt: skip
            return box.run()
        self.arguments = [f"Hint {self.arguments[0]}"]
        self.options["class-container"] = ["lab-hint"]
        return super().run()


class GradingNote(SphinxDirective):
    """What only the instructor's page shows."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        if Reading.edition != editions.INSTRUCTOR:
            raise self.severe("a grading note on a page of the student edition")
        box = nodes.admonition("", nodes.title("", "Grading notes"), classes=["lab-grading"])
        self.set_source_info(box)
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


class ExerciseCells(SphinxTransform):
    """Say above the code of an exercise and its check what it is, and whose output follows."""

    default_priority = 199  # before the cells move into tabs

    def apply(self, **kwargs: object) -> None:
        for cell in list(self.document.findall(nodes.container)):
            for tag, said in PARTS[Reading.edition].items():
                if "cell" in cell["classes"] and f"tag_{tag}" in cell["classes"]:
                    self.mark(cell, tag, said)

    def mark(self, cell: nodes.container, tag: str, said: str) -> None:
        """Put the captions into ``cell``; in the instructor's edition mark the hidden lines."""
        for part in list(cell.children):
            if "cell_input" in part["classes"]:
                cell.insert(cell.index(part), caption(said))
                for block in part.findall(nodes.literal_block):
                    if regions := markers.regions(block.astext()):
                        lines = [line for region in regions for line in region]
                        block["highlight_args"] = {"hl_lines": lines}
            elif "cell_output" in part["classes"] and tag == "exercise":
                cell.insert(cell.index(part), caption(EXPECTED))


def caption(text: str) -> nodes.paragraph:
    """A line above code or output."""
    return nodes.paragraph("", text, classes=["lab-part"])
