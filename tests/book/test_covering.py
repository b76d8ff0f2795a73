"""The check of coverage finds what is planted: a lost label, a stub, a framework left out."""

import pytest

from labcode.publish.contents import read_book
from labcode.publish.parsing import read_chapter
from tests.book import covering
from tests.book.covering import Requirement

TORCH = "```{code-cell}\n:tags: [pytorch]\nx = 1\n```\n"
KERAS = TORCH.replace("pytorch", "tensorflow")
BOTH = "```{code-cell}\nx = 1\n```\n"
ASK = ":::{admonition} Question\n:class: question\n1. Why?\n:::\n"

SOUND = f"""# Chapter

(first)=
## First

Some prose.

{TORCH}
{KERAS}
### Below the first

(second)=
## Second

{BOTH}
(told)=
## Told

How to hand it in.

{ASK}
"""

ASKED = (
    Requirement("A1", "Do one thing", ("first", "second"), report=True),
    Requirement("A9", "Hand it in", ("told",), prose=True),
)


def chapters(tmp_path, *texts):
    return [read_chapter(tmp_path / f"{i}.md", text, tmp_path) for i, text in enumerate(texts)]


def test_a_sound_book_passes(tmp_path):
    assert covering.uncovered(ASKED, chapters(tmp_path, SOUND)) == []


FAULTS = {
    "the label is missing": (("(second)=\n", ""), "second: 0 sections"),
    "the label is in prose only": (("(second)=\n## Second", "See (second)= below."), "second: 0"),
    "the label is in a code block only": (
        ("(second)=\n## Second", "```\n(second)=\n## Second\n```"),
        "second: 0 sections",
    ),
    "the label is not before a heading": (("## Second", "Prose.\n\n## Second"), "second: 0"),
    "the section has no code": ((BOTH, "Prose.\n"), "0.md: second: has no code that"),
    "the code is hidden": (
        (BOTH, BOTH.replace("x", ":tags: [remove-cell]\nx")),
        "second: has no code that",
    ),
    "the code is shown, not run": ((BOTH, "```python\nx = 1\n```\n"), "second: has no code that"),
    "the code is in the next section": (
        ("(second)=\n## Second\n", "(second)=\n## Second\n\n## Third\n"),
        "second: has no code that",
    ),
    "one framework is missing": (
        (f"{KERAS}\n### Below the first", f"## Another\n\n{KERAS}"),
        "first: has no code for tensorflow",
    ),
    "it is a stub": (("Some prose.", "To be written."), "first: is still a stub"),
    "prose by nature is a stub": (
        ("How to hand it in.", "To be written."),
        "told: is still a stub",
    ),
    "no question is asked": ((ASK, ""), "first: its chapter asks no question"),
}


@pytest.mark.parametrize("change, said", FAULTS.values(), ids=FAULTS.keys())
def test_a_planted_fault_is_found(tmp_path, change, said):
    text = SOUND.replace(*change)
    assert text != SOUND
    found = covering.uncovered(ASKED, chapters(tmp_path, text))
    assert any(said in fault for fault in found), found


def test_a_label_that_two_chapters_have_is_found(tmp_path):
    twice = chapters(tmp_path, SOUND, SOUND.replace("first", "other").replace("told", "said"))
    assert covering.uncovered(ASKED, twice) == [
        "second: 2 sections have this label (0.md, 1.md)",
    ]


TABLE = """
| Activity | What | Report | Where |
|---|---|---|---|
| A1 | Do one thing | required | [](#first); [](#second) |
| A9 | Hand it in | | [](#told) |
"""


@pytest.mark.parametrize(
    "old, new",
    [
        ("| A9 | Hand it in | | [](#told) |\n", ""),
        ("(#first)", "(#second)"),
        ("Do one", "Do another"),
        ("required", ""),
        ("A9", "A8"),
        ("| A9", "| A8 | Beat it | | [](#beat) |\n| A9"),
    ],
)
def test_a_table_that_says_something_else_is_found(old, new):
    assert covering.misfiled(ASKED, TABLE) == []
    assert covering.misfiled(ASKED, TABLE.replace(old, new)) != []


def test_an_anchor_that_is_not_in_the_page_is_found(built):
    chapters = read_book(built).chapters
    site = built / "_build" / "html"
    here = [Requirement("A1", "Begin", ("sums",))]
    assert covering.unanchored(here, chapters, site) == []
    page = (site / "book/lab/sums.html").read_text()
    assert 'id="sums"' in page
    assert covering.unanchored([Requirement("A1", "", ("nowhere",))], chapters, site) == ["nowhere"]


def test_an_anchor_that_a_page_lost_is_found(copy):
    chapters, site = read_book(copy).chapters, copy / "_build" / "html"
    page = site / "book/lab/sums.html"
    page.write_text(page.read_text().replace('id="sums"', 'id="sum"'))
    here = [Requirement("A1", "Begin", ("sums",))]
    assert covering.unanchored(here, chapters, site) == ["sums"]
