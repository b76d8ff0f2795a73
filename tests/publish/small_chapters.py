"""Made-up chapters in memory, with exercises small enough to be read at a glance."""

from pathlib import Path

from labcode.publish.chapter import Chapter
from labcode.publish.contents import Book
from labcode.publish.parsing import read_chapter

STATEMENT = """\
:::{exercise} Double *it*
:id: double
Write `double`.
:::

:::{hint} 1
What is twice a number?
:::

:::{hint} 2
Add.
:::
"""

EXERCISE = """\
```{code-cell}
---
tags: [TAGexercise]
exercise: {id: double, points: 3}
---
def double(x):
    ### BEGIN SOLUTION
    return x + x  # CANARY-SOLUTION
    ### END SOLUTION
```
"""

CHECK = """\
```{code-cell}
:tags: [TAGcheck]
assert double(2) == 4, "twice 2 is 4"
### BEGIN HIDDEN TESTS
assert double(7) == 14  # CANARY-HIDDEN
### END HIDDEN TESTS
```
"""

QUESTIONS = """\
:::{admonition} Question
:class: question
1. How
   large is [the sum](#sum)?
2. Why? (3 points)
:::
"""

BOTH = STATEMENT + "\n" + EXERCISE + "\n" + CHECK
SHARED = BOTH.replace("TAG", "")
APART = STATEMENT + "".join(
    "\n" + (EXERCISE + "\n" + CHECK).replace("TAG", f"{key}, ") for key in ("pytorch", "tensorflow")
)

WHOLE = f"""\
(doubles)=
# Doubles

Text. % no comment

+++ {{"tags": ["pytorch"]}}

Only in PyTorch.

+++ {{"tags": ["tensorflow"]}}

Only in TensorFlow.

+++

```{{code-cell}}
:tags: [hide-input]
x = 1
```

```{{code-cell}}
:tags: [remove-cell]
secret_record = x
```

{SHARED}
(sum)=
## The sum

See [](two.md), [](#two), [there](../book/two.md), [here](#sum), [](plain.md).

{QUESTIONS}"""

TWO = "(two)=\n# Chapter *two*\n\n```{code-cell}\ny = 2\n```\n"
PLAIN = "# No code here\n\nText.\n"


def chapter(text: str, name: str = "one", root: Path = Path("/nowhere")) -> Chapter:
    """The chapter ``book/<name>.md`` with this text, which lies in no file."""
    return read_chapter(root / "book" / f"{name}.md", text, root=root)


def book(root: Path = Path("/nowhere"), **texts: str) -> Book:
    """A book of chapters by name."""
    chapters = [chapter(text, name, root) for name, text in texts.items()]
    return Book(root, {each.name: each for each in chapters})


def whole(one: str = WHOLE, **others: str) -> Book:
    """A book whose first chapter, ``one``, has everything that a notebook is made of."""
    return book(one=one, two=TWO, plain=PLAIN, **others)
