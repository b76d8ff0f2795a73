"""A new chapter from a template: it runs, agrees and can be graded before a word is changed."""

import re
from pathlib import Path

from labcode.errors import ChapterError
from labcode.files import atomic_write

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*(?:/[a-z0-9]+(?:-[a-z0-9]+)*)*")

TEMPLATE = """---
kernelspec:
  name: python3
  display_name: Python 3
---

(@LABEL@)=
# @TITLE@

Begin with a question that the reader has, and say why the answer matters.
Write one sentence a line: changes are then easy to read.

## One computation, twice

Say in words what the cells compute, before they do.
A cell without a framework's tag runs in both kernels, and must print the same in both:

```{code-cell}
import numpy as np

numbers = np.arange(1, 7, dtype=np.float32).reshape(2, 3)
print(numbers)
```

+++ {"tags": ["pytorch"]}

Prose for one framework goes into its tab.
In PyTorch, `@` multiplies matrices.

```{code-cell}
:tags: [pytorch]
import torch

x = torch.tensor(numbers)
product = (x @ x.T).numpy()
print(product)
```

+++ {"tags": ["tensorflow"]}

Prose for one framework goes into its tab.
In TensorFlow, `@` multiplies matrices, too.

```{code-cell}
:tags: [tensorflow]
import labcode.tensorflow  # first: keeps TensorFlow's start quiet
import tensorflow as tf

x = tf.constant(numbers)
product = (x @ tf.transpose(x)).numpy()
print(product)
```

+++

What both computed is recorded, compared when the book is built, and shown at the foot of the page.
Give each value the tolerance that you can defend; this cell itself is not shown.

```{code-cell}
:tags: [remove-cell]
from labcode import agreement

agreement.record("product", product, atol=1e-5)
```

## A picture

A picture needs words for those who cannot see it:

```{code-cell}
---
mystnb:
  image:
    alt: A matrix of two by two squares, the lower right one the brightest.
---
from matplotlib import pyplot as plt

plt.matshow(product)
plt.title("numbers times their transpose");
```

Say what one should see in it.

:::{admonition} Question
:class: question
1. Ask something that the reader can find out with the cells above, and no search engine knows.
2. Why is the matrix equal to its transpose?
:::

:::{grading}
1. The reference answer, what the point is given for, and the mistake that is common.
2. Entry (i, j) is the product of rows i and j, which is that of rows j and i.
   The point is for the reason, not for the observation.
:::
"""


def write(root: Path, name: str, title: str) -> Path:
    """Write ``book/<name>.md`` below ``root``; its path.

    Raises ChapterError for a name that is none, or taken, a label that another chapter has, or a
    title that is not one line. Nothing that exists is changed.
    """
    if not NAME.fullmatch(name):
        raise ChapterError(
            f"{name!r} is no name for a chapter: write its path below book/ without .md, in small "
            "letters, digits and hyphens, as in lab/12-pruning"
        )
    if not title.strip() or len(title.splitlines()) != 1:
        raise ChapterError("the title is one line that is not empty: --title 'What to prune'")
    if not (root / "_toc.yml").is_file():
        raise ChapterError(f"{root} is no book: it has no _toc.yml; give --root")
    path = root / "book" / f"{name}.md"
    # A checkout on a file system that ignores case, or a link that leads nowhere, is a file too.
    if path.exists() or path.is_symlink():
        raise ChapterError(f"book/{name}.md is there already; choose another name")
    wanted = label(name)
    for other in sorted((root / "book").rglob("*.md")):
        if re.search(rf"^\({wanted}\)=", other.read_text(encoding="utf-8"), re.MULTILINE):
            raise ChapterError(
                f"{other.relative_to(root)} has the label ({wanted})= already; choose another name"
            )
    text = TEMPLATE.replace("@LABEL@", wanted).replace("@TITLE@", title.strip())
    atomic_write(path, text)
    return path


def label(name: str) -> str:
    """What other chapters refer to it by: the last part of its name, its number left out."""
    last = name.rpartition("/")[2]
    return re.sub(r"^\d+-", "", last)


def contents_line(name: str) -> str:
    """The line for ``_toc.yml``."""
    return f"      - file: book/{name}"
