"""A two-framework book in plain Python, small enough to be built many times."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]

FRONT = """---
jupytext:
  text_representation:
    extension: .md
    format_name: myst
kernelspec:
  display_name: Python 3
  name: python3
---
"""

INDEX = """# A small book

What the loss is, in one line: $-\\log p_{y}$.

$$
\\mathcal{L} = -\\frac{1}{N} \\sum_{i=1}^{N} \\log p_{i, y_i}
$$
"""

SUMS = (
    FRONT
    + """
(sums)=
# Sums in two frameworks

(start)=
Both kernels begin with the same numbers.

```{code-cell}
numbers = [1, 2, 3, 4]
print("numbers:", numbers)
```

+++ {"tags": ["pytorch"]}

In PyTorch the sum is a **method**.

```{code-cell}
:tags: [pytorch]
total = sum(numbers)
print("pytorch says", total)
```

+++ {"tags": ["tensorflow"]}

In TensorFlow the sum is a **function**.

```{code-cell}
:tags: [tensorflow]
total = sum(numbers)
print("tensorflow says", total)
```

+++

Both must agree, and {ref}`the beginning <start>` says on what.

```{code-cell}
from labcode import agreement

agreement.record("sum", [float(total)], atol=1e-6)
agreement.record("scores", [[0.1, 0.9], [0.8, 0.2]], atol=1e-6, argmax=True)
```

Each kernel is a process of its own, so this differs:

```{code-cell}
import os

os.getpid()
```

Wide output scrolls in its own box:

```{code-cell}
:tags: [pytorch, hide-input]
print("pytorch wide " + "x" * 400)
```

```{code-cell}
:tags: [tensorflow]
print("tensorflow wide " + "x" * 400)
```
"""
)

SECOND = (
    FRONT
    + """
# A second page

```{code-cell}
:tags: [pytorch]
print("second page, pytorch")
```

```{code-cell}
:tags: [tensorflow]
print("second page, tensorflow")
```

```{code-cell}
from labcode import downloads

with open("all bytes.bin", "wb") as file:
    file.write(bytes(range(256)))
downloads.offer("all bytes.bin", "Every byte once")
```
"""
)

STATUS = """# The state

```{lab-status}
```
"""

TOC = """format: jb-book
root: book/index
chapters:
  - file: book/lab/sums
  - file: book/lab/second
  - file: book/status
"""


def make(folder: Path) -> Path:
    """Write the small book into ``folder`` with the project's own settings; the folder."""
    lab = folder / "book" / "lab"
    lab.mkdir(parents=True)
    (folder / "book" / "index.md").write_text(INDEX)
    (folder / "book" / "status.md").write_text(STATUS)
    (lab / "sums.md").write_text(SUMS)
    (lab / "second.md").write_text(SECOND)
    (folder / "_toc.yml").write_text(TOC)
    shutil.copy(ROOT / "_config.yml", folder)
    images(folder / "data")
    return folder


def images(folder: Path) -> None:
    """A data set of three classes in the layout of Tiny ImageNet, of which it is a small part."""
    wnids = ("n01443537", "n01629819", "n01641577")
    top = folder / "tiny-imagenet"
    (top / "val" / "images").mkdir(parents=True)
    (top / "wnids.txt").write_text("\n".join(wnids) + "\n")
    (top / "words.txt").write_text("".join(f"{w}\tclass {w}\n" for w in wnids))
    annotations = []
    for i, wnid in enumerate(wnids):
        (top / "train" / wnid / "images").mkdir(parents=True)
        boxes = []
        for k in range(2):
            name = f"{wnid}_{k}.JPEG"
            picture(i * 60 + k).save(top / "train" / wnid / "images" / name)
            boxes.append(f"{name}\t0\t0\t63\t63\n")
        (top / "train" / wnid / f"{wnid}_boxes.txt").write_text("".join(boxes))
        picture(i * 60 + 30).save(top / "val" / "images" / f"val_{i}.JPEG")
        annotations.append(f"val_{i}.JPEG\t{wnid}\t0\t0\t63\t63\n")
    (top / "val" / "val_annotations.txt").write_text("".join(annotations))


def picture(value: int) -> Image.Image:
    """A 64 x 64 picture of one colour."""
    return Image.new("RGB", (64, 64), (value, 255 - value, value // 2))


# A make inside of the one that runs the tests would print which folder it enters and leaves.
NOT_INHERITED = {"LABCODE_EXECUTED", "MAKEFLAGS", "MAKELEVEL", "MFLAGS"}


def environment(folder: Path) -> dict[str, str]:
    """The environment of a build that touches nothing outside ``folder``."""
    own = {"LABCODE_DATA": str(folder / "data"), "LABCODE_DATASET": "tiny-imagenet"}
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    kept = {k: v for k, v in os.environ.items() if k not in NOT_INHERITED}
    return {**kept, **own, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}


# The command itself, without the package's whole command line.
DRIVER = """
import argparse, sys
from labcode.errors import LabcodeError
from labcode.publish import build
parser = argparse.ArgumentParser()
build.add_parser(parser.add_subparsers())
args = parser.parse_args()
try:
    sys.exit(args.func(args))
except LabcodeError as error:
    print(error)
    sys.exit(1)
"""


def book_command(folder: Path, *options: str, before: str = "") -> list[str]:
    """The command line of ``labcode book`` for the book in ``folder``; ``before`` is run first."""
    return [sys.executable, "-c", f"{before}\n{DRIVER}", "book", "--root", str(folder), *options]


def build(folder: Path, *options: str, before: str = "", **env: str) -> subprocess.CompletedProcess:
    """Run ``labcode book``; stdout and stderr together in ``.stdout``.

    ``before`` is code for the process to begin with, ``env`` what is different around it.
    """
    return subprocess.run(
        book_command(folder, *options, before=before),
        env={**environment(folder), **env},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
    )
