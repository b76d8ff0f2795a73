"""The directive ``lab-status``: each chapter and framework with its time, memory, agreement, age.

The date of a result stands in the page as ``<time datetime=...>``; its age in words is computed
in the reader's browser (``static/labcode.js``), for a page does not know when it is read.
"""

import hashlib
import json
import math
from collections.abc import Sequence

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

from labcode.agreement import Comparison
from labcode.frameworks import FRAMEWORKS
from labcode.publish import closing
from labcode.publish.chapter import Chapter
from labcode.publish.contents import Book
from labcode.publish.execute import Executed
from labcode.publish.reading import Reading

HEADS = ("Chapter", "Framework", "Time", "Peak memory", "Agreement", "Executed", "Device", "Data",
         "Profile")  # fmt: skip
MARK = "labcode_status"


class LabStatus(SphinxDirective):
    """The table of all chapters and the sum of their times; without options or content."""

    def run(self) -> list[nodes.Node]:
        book = Reading.book
        self.env.metadata[self.env.docname][MARK] = signature(book)
        wide = nodes.container(classes=["lab-status"])
        wide += self.table(book)
        return [wide, nodes.paragraph("", total(book))]

    def table(self, book: Book) -> nodes.table:
        """A row for each notebook, and one for each chapter that has none."""
        table = nodes.table()
        group = nodes.tgroup(cols=len(HEADS))
        table += group
        group += [nodes.colspec(colwidth=1) for _ in HEADS]
        group += nodes.thead("", nodes.row("", *(entry(nodes.Text(head)) for head in HEADS)))
        body = nodes.tbody()
        group += body
        for name, chapter in book.chapters.items():
            body += self.rows(chapter, book.executed.get(name, {}), book.comparisons.get(name, ()))
        return table

    def rows(
        self,
        chapter: Chapter,
        executed: dict[str, Executed],
        comparisons: Sequence[Comparison],
    ) -> list[nodes.row]:
        """The rows of one chapter; its name and its agreement stand once, over all of them."""
        if not executed:
            rest = entry(nodes.Text("no code to run"), morecols=len(HEADS) - 2)
            return [nodes.row("", entry(self.link(chapter)), rest)]
        rows = []
        for key, run in executed.items():
            cells = [entry(nodes.Text(text)) for text in facts(run)]
            cells.insert(3, entry(date(run)))
            if not rows:
                more = {"morerows": len(executed) - 1}
                cells.insert(3, entry(nodes.Text(agreed(comparisons)), **more))
                cells.insert(0, entry(self.link(chapter), **more))
            rows.append(nodes.row("", *cells, classes=[f"lab-{key}"]))
        return rows

    def link(self, chapter: Chapter) -> addnodes.pending_xref:
        """The chapter's title as Sphinx knows it, linked."""
        return addnodes.pending_xref(
            "",
            nodes.inline("", chapter.title),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{chapter.name}",
            refdoc=self.env.docname,
            refexplicit=False,
            refwarn=True,
        )


def entry(content: nodes.Node, **spans: int) -> nodes.entry:
    """A cell of the table; ``morerows`` and ``morecols`` as docutils has them."""
    return nodes.entry("", nodes.paragraph("", "", content), **spans)


def facts(run: Executed) -> list[str]:
    """Framework, time, peak memory, device, data set and profile of one notebook."""
    made = run.meta["provenance"]
    data = made.get("dataset") or {}
    images = f", {data['train_images']:,} + {data['val_images']:,} images" if data else ""
    return [
        FRAMEWORKS[run.framework].label,
        closing.duration(run.meta["seconds"]),
        f"{run.meta['peak_memory_bytes'] / 2**20:,.0f}\N{NO-BREAK SPACE}MiB",
        made["device"]["name"],
        f"{data['title']}{images}" if data else "none",
        made["profile"],
    ]


def agreed(comparisons: Sequence[Comparison]) -> str:
    """How many values both frameworks recorded, and how near they came to their tolerances."""
    if not comparisons:
        return "none"
    # A tolerance of 0 that holds leaves a difference of 0.
    share = max(c.difference / c.atol if c.atol else 0.0 for c in comparisons)
    values = f"{len(comparisons)} value" + ("s" if len(comparisons) > 1 else "")
    if share == 0:
        return f"{values}, no difference"
    percent = math.ceil(round(100 * share, 6))  # 50% is not to become 51% by a rounding error
    return f"{values}, at most {percent}% of the tolerance"


def date(run: Executed) -> nodes.raw:
    """The day on which a notebook ran, with the moment for the script to count from."""
    made = run.meta["provenance"]["made"]
    text = f'<time class="lab-age" datetime="{made}">{closing.day(made)}</time>'
    return nodes.raw("", text, format="html")


def total(book: Book) -> str:
    """One sentence: how many notebooks, and how long all of them took."""
    runs = [run for executed in book.executed.values() for run in executed.values()]
    seconds = closing.duration(sum(run.meta["seconds"] for run in runs))
    return f"All {len(runs)} notebooks together took {seconds} to execute."


def signature(book: Book) -> str:
    """Changes exactly when the table does: with any result, any title, or the contents."""
    told = [[name, chapter.title, book.signature(name)] for name, chapter in book.chapters.items()]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def outdated(env: BuildEnvironment, now: str) -> set[str]:
    """Pages whose table was made with another ``signature`` than ``now``."""
    return {name for name, told in env.metadata.items() if told.get(MARK, now) != now}
