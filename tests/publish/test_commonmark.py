"""MyST of the chapters as CommonMark: what it becomes, and what stops the export."""

import pytest
from markdown_it import MarkdownIt

from labcode.errors import ChapterError
from labcode.publish import exercises
from labcode.publish.commonmark import Converter
from labcode.publish.references import References
from tests.publish.small_chapters import whole

END = "\n\n(end)=\n## The end\n\n```{code-cell}\nz = 3\n```\n"


def converter(text: str) -> Converter:
    """The converter of a chapter of its own in a book that has others."""
    book = whole(mine=f"# Mine\n\n{text}{END}")
    siblings = {name for name, each in book.chapters.items() if each.executable}
    mine = book.chapters["book/mine"]
    return Converter(mine, "pytorch", References(book.chapters), siblings, exercises.read(mine))


def converted(text: str) -> str:
    return converter(text).text(text, line=3, top=True)


SAME = {
    "a table": "| a | b |\n|---|---|\n| `x` | $y_1$ |",
    "math": "In line $\\frac{a}{b}$, and\n\n$$\nE = m c^2\n$$",
    "a code block with MyST in it": "```text\n:::{note}\n[](#nowhere) {ref}`x` [^f]\n:::\n```",
    "code in a line": "Write `[](#label)` and ``{ref}`x` `` and `(x)=`.",
    "math like a link": "$f[i](x)$",
    "an address": "See <https://example.org> and [this](https://example.org/a#b).",
    "a list": "1. one\n   - two\n2. three",
    "a quote": "> said\n> so",
    "emphasis": "*a* **b** `c`",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME.keys())
def test_common_mark_tables_and_math_stay_as_they_are(text):
    assert converted(text) == text


CHANGED = {
    "a title as text": ("See [](two.md).", "See [Chapter *two*](two-pytorch.ipynb)."),
    "a label as text": ("See [](#sum).", "See [The sum](one-pytorch.ipynb)."),
    "a text": ("See [`there`, *now*](#two).", "See [`there`, *now*](two-pytorch.ipynb)."),
    "a text in two lines": ("[a\nb](two.md#two)", "[a\nb](two-pytorch.ipynb)"),
    "a path": ("[x](../book/two.md)", "[x](two-pytorch.ipynb)"),
    "this notebook": ("See [](#end), or [it](#end).", "See “The end”, or it."),
    "a page that is no notebook": ("[](plain.md) and [x](plain.md)", "“No code here” and x"),
    "a reference": ("{ref}`sum`", "[The sum](one-pytorch.ipynb)"),
    "a reference with text": ("{ref}`the one <sum>`", "[the one](one-pytorch.ipynb)"),
    "a document": ("{doc}`two`", "[Chapter *two*](two-pytorch.ipynb)"),
    "a label": ("(x)=\n### H\n\ntext", "### H\n\ntext"),
    "a comment": ("a\n\n% solution: 42\n\nb", "a\n\nb"),
    "a footnote": (
        "Yes[^b], no[^a].\n\n[^a]: A [x](#two).\n[^b]: B.",
        "Yes[1], no[2].\n\n- [2] A [x](two-pytorch.ipynb).\n- [1] B.",
    ),
    "an admonition": (
        ":::{admonition} Mind *this*\nA [](#sum).\n\nB\n:::",
        "> **Mind *this***\n>\n> A [The sum](one-pytorch.ipynb).\n>\n> B",
    ),
    "a note with code in it": (
        "::::{note}\n```python\nx = 1\n```\n::::",
        "> **Note**\n>\n> ```python\n> x = 1\n> ```",
    ),
    "a box in a box": (
        "::::{warning}\n:::{tip}\nt\n:::\n::::",
        "> **Warning**\n>\n> > **Tip**\n> >\n> > t",
    ),
    "a div": (":::{div} lab-coverage\n| a |\n|---|\n| [](#two) |\n:::",
              "| a |\n|---|\n| [Chapter *two*](two-pytorch.ipynb) |"),
}  # fmt: skip


@pytest.mark.parametrize("text, wanted", CHANGED.values(), ids=CHANGED.keys())
def test_myst_becomes_what_any_editor_shows(text, wanted):
    assert converted(text) == wanted
    # An independent reader finds nothing left to be done.
    html = MarkdownIt("commonmark").enable("table").render(wanted)
    assert "{" not in html and ":::" not in html and ".md" not in html


def test_hints_are_closed_until_they_are_asked_for():
    text = ":::{hint} 2\nAdd [](#sum).\n:::"
    book = whole()
    one = book.chapters["book/one"]
    made = Converter(one, "tensorflow", References(book.chapters), set(), exercises.read(one))
    assert made.text(text, 1, top=True) == (
        "<details>\n<summary>Hint 2</summary>\n\nAdd “The sum”.\n\n</details>"
    )


FAULTS = {
    "an unknown directive": ("a\n\n:::{lab-status}\n:::", 5, "{lab-status}"),
    "an unknown role": ("a\n{kbd}`x`", 3, "myst_role"),
    "a substitution": ("a {{ x }}", 3, "substitution"),
    "a definition list": ("a\n: b", 3, "no plain Markdown"),
    "a link to nothing": ("a\nb [](#nowhere)", 4, "'#nowhere' leads to nothing"),
    "a link to no file": ("[x](three.md)", 3, "'three.md'"),
    "a file and a label that is elsewhere": ("[x](two.md#sum)", 3, "leads to nothing"),
    "a link without a title": ("(y)=\n\ntext [](#y)", 5, "no heading"),
    "a link by reference": ("[a][b]\n\n[b]: https://x.org", 3, "written"),
    "a link with a tooltip": ('[a](https://x.org "t")', 3, "written"),
    "a picture": ("![a](a.png)", 3, "image"),
    "a footnote that is not there": ("a\nb[^c]", 4, "'c' is not defined"),
    "a comment that anybody can read": ("a\n\n<!-- 42 -->", 5, "comment"),
    "a comment in a line": ("a <!-- 42 --> b", 3, "comment"),
    "a directive in a list": ("- a\n\n  :::{note}\n  b\n  :::", 5, "colon_fence"),
    "a directive in a quote": ("> ```{note}\n> b\n> ```", 3, "inside a list or quote"),
    "a hint in a box": ("::::{note}\n:::{hint} 1\nx\n:::\n::::", 4, "inside another"),
    "questions in a box": (
        "::::{note}\n:::{admonition} Q\n:class: question\n1. x\n:::\n::::",
        4,
        "inside another",
    ),
    "an option of a note": (":::{note}\n:width: 3\nx\n:::", 3, ":width:"),
    "a note with a title": (":::{note} T\nx\n:::", 3, "{admonition} T"),
    "a fault in a box": (":::{note}\n:class: x\na\n\n[](#nowhere)\n:::", 7, "nowhere"),
    "a numbered equation": ("$$\nx\n$$ (eq)", 3, "math_block_label"),
}


@pytest.mark.parametrize("text, line, words", FAULTS.values(), ids=FAULTS.keys())
def test_what_would_not_render_stops_with_file_and_line(text, line, words):
    with pytest.raises(ChapterError) as caught:
        converted(text)
    assert str(caught.value).startswith(f"book/mine.md:{line}: ")
    assert words in str(caught.value)
