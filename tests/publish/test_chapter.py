"""Reading a chapter: what it becomes, and the file and line that a mistake is blamed on."""

import jupytext
import nbformat
import pytest

from labcode.errors import ChapterError
from labcode.publish.chapter import project
from labcode.publish.parsing import read_chapter

SOURCE = """\
---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
# The *first* heading

+++ {"tags": ["pytorch"]}

In PyTorch a network is a `Module`.

```{code-cell}
:tags: [pytorch, hide-input]

model = "torch"
print(model)
```

+++ {"tags": ["tensorflow"]}

In Keras it is a `Model`.

```{code-cell}
---
tags: [tensorflow]
mystnb: {image: {alt: a net}}
---
model = "keras"
```

+++

## Both

````{note}
```python
not_run = 1
```
````

```{code-cell}
len(model)
```
"""


def read(tmp_path, text):
    path = tmp_path / "book" / "lab" / "x.md"
    return read_chapter(path, text, root=tmp_path)


def test_cells_know_their_framework_tags_metadata_and_line(tmp_path):
    chapter = read(tmp_path, SOURCE)
    assert (chapter.name, chapter.title) == ("book/lab/x", "The *first* heading")
    frameworks = [None, "pytorch", "pytorch", "tensorflow", "tensorflow", None, None]
    assert [cell.framework for cell in chapter.cells] == frameworks
    assert chapter.cells[2].tags == ("pytorch", "hide-input")
    assert chapter.cells[4].metadata == {"mystnb": {"image": {"alt": "a net"}}}
    lines = SOURCE.splitlines()
    for cell in chapter.cells:
        assert lines[cell.line - 1] == cell.source.splitlines()[0]


def test_jupytext_reads_the_same_cells(tmp_path):
    ours = [(cell.kind, cell.source) for cell in read(tmp_path, SOURCE).cells]
    theirs = jupytext.reads(SOURCE, fmt="md:myst").cells
    assert ours == [(cell.cell_type, cell.source) for cell in theirs]


def test_a_projection_is_a_valid_notebook_without_the_other_framework(tmp_path):
    chapter = read(tmp_path, SOURCE)
    notebook = project(chapter, "pytorch")
    nbformat.validate(notebook, relax_add_props=False)
    text = nbformat.writes(notebook)
    assert "Keras" not in text and "keras" not in text
    assert [cell.metadata["labcode"]["index"] for cell in notebook.cells] == [0, 1, 2, 5, 6]
    assert notebook.metadata.kernelspec.display_name == "Python 3 (PyTorch)"


def test_cell_ids_survive_an_edit_elsewhere(tmp_path):
    before = project(read(tmp_path, SOURCE), "pytorch")
    after = project(read(tmp_path, SOURCE.replace("# The", "# Our")), "pytorch")
    assert before.cells[0].id != after.cells[0].id
    assert [cell.id for cell in before.cells[1:]] == [cell.id for cell in after.cells[1:]]


def test_equal_cells_get_different_ids(tmp_path):
    cell = "```{code-cell}\nx\n```\n"
    notebook = project(read(tmp_path, "# T\n\n" + cell * 3), "pytorch")
    assert len({cell.id for cell in notebook.cells}) == 4


def test_a_page_without_code_is_not_executable_and_needs_no_front_matter(tmp_path):
    chapter = read(tmp_path, "# Welcome\n\nHello.\n\n```python\nshown = 1\n```\n")
    assert not chapter.executable
    assert chapter.metadata == {}


CELL = "```{{code-cell}}\n:tags: [{tags}]\n\n{code}\n```\n"

MISTAKES = {
    "a mistyped tag": ("# T\n\n```{code-cell}\n:tags: [pytroch]\nx\n```\n", 4, "'pytorch'?"),
    "a mistyped tag of prose": ('# T\n\n+++ {"tags": ["tensorlow"]}\n\nx\n', 3, "'tensorflow'?"),
    "a tag that is no list": ("# T\n\n```{code-cell}\n:tags: pytorch\nx\n```\n", 4, "array"),
    "broken options": ("# T\n\n```{code-cell}\n:tags: [pytorch\nx\n```\n", 3, "YAML"),
    "a broken cell break": ('# T\n\n+++ {"tags": ["pytorch"}\n\nx\n', 3, "options"),
    "broken front matter": ("---\na: [1\n---\n# T\n", 2, "metadata"),
    "two frameworks": ("# T\n\n" + CELL.format(tags="pytorch, tensorflow", code="x"), 4, "one"),
    "a missing framework": ("# T\n\n" + CELL.format(tags="pytorch", code="x"), 6, "tensorflow"),
    "a heading in a tab": ('# T\n\n+++ {"tags": ["pytorch"]}\n\nx\n\n## H\n', 7, "heading"),
    "an unclosed cell": ("# T\n\n```{code-cell}\nx\n", 3, "never closed"),
    "a swallowed cell": ("# T\n\n```{code-cell}\nx\n\n```{note}\ny\n```\n", 3, "not closed"),
    "an unclosed directive": ("# T\n\n:::{note}\nx\n", 3, "never closed"),
    "an unclosed inner block": ("# T\n\n````{note}\n```python\nx\n````\n", 4, "never closed"),
    "a cell in a directive": ("# T\n\n:::{note}\n```{code-cell}\nx\n```\n:::\n", 4, "inside"),
    "a cell in a list": ("# T\n\n- a\n\n  ```{code-cell}\n  x\n  ```\n", 5, "inside a list"),
    "an opened solution": ("# T\n\n```{code-cell}\n### BEGIN SOLUTION\nx\n```\n", 4, "never"),
    "a closed solution": ("# T\n\n```{code-cell}\nx\n### END SOLUTION\n```\n", 5, "without"),
    "crossed markers": (
        "# T\n\n```{code-cell}\n### BEGIN SOLUTION\n### END HIDDEN TESTS\n```\n",
        5,
        "without",
    ),
    "nested markers": (
        "# T\n\n```{code-cell}\n### BEGIN SOLUTION\n### BEGIN HIDDEN TESTS\n```\n",
        5,
        "line 4",
    ),
    "a mistyped marker": (
        "# T\n\n```{code-cell}\n### BEGIN SOLUTION\n### END SOLUTON\n```\n",
        5,
        "did you mean '### END SOLUTION'?",
    ),
    "an empty file": ("\n\n", 1, "empty"),
}


@pytest.mark.parametrize("text, line, hint", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_blamed_on_its_line(tmp_path, text, line, hint):
    with pytest.raises(ChapterError) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith(f"book/lab/x.md:{line}: ")
    assert hint in str(caught.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ChapterError, match=r"^book/none\.md:1: cannot read"):
        read_chapter(tmp_path / "book" / "none.md", root=tmp_path)
