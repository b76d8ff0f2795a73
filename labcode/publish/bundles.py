"""What a student downloads for one framework: notebooks, labcode's wheel, how to start."""

from collections.abc import Iterable, Mapping

from labcode.frameworks import FRAMEWORKS
from labcode.publish import cache, distribution, wheel
from labcode.publish.archives import zipped
from labcode.publish.contents import Book
from labcode.publish.notebooks import LAB, bundle_name, export
from labcode.publish.references import notebook_name

REQUIREMENTS = """\
# What the {label} notebooks of Lab 1 need. In this folder, type: pip install -r requirements.txt
./{wheel}
{lines}
"""

README = """\
# Lab 1 in {label}

You need Python {python} and some gigabytes of disk.
Open a terminal in this folder, and type:

```bash
python3 -m venv .venv
source .venv/bin/activate          # on Windows: .venv\\Scripts\\activate
pip install -r requirements.txt
jupyter lab
```

Then open the first notebook of the list, and run its cells from the top (*Run*, *Run All Cells*).
Its first cell checks the set-up, and says what to type if something is missing.

Without further steps the notebooks work on generated images.
For the real ones, type `labcode data add tiny-imagenet` (248 MB), and restart the kernel.
If you have the archive already, add `--from tiny-imagenet-200.zip` to that line.

| notebook | what it is about |
|---|---|
{rows}

Write your code where it says `YOUR CODE HERE`, and your answers where it says `YOUR ANSWER HERE`.
The cell after an exercise checks it: no output means that all its checks passed.
An exercise that you have not done yet shows an error, and the cells after it run all the same.
Delete no cell, for each has its place in the grading.
"""


def bundles(
    book: Book,
    frameworks: Iterable[str] = tuple(FRAMEWORKS),
    notebooks: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """File name -> bytes of each framework's bundle; student edition.

    The book need not have been run. All files lie in one folder, named as the archive.
    ``notebooks`` is what ``export(book)`` gave, where that is at hand.
    """
    name, data = wheel.build()
    found = {}
    for framework in frameworks:
        given = notebooks if notebooks is not None else export(book, "student", [framework])
        own = {key: value for key, value in given.items() if key.endswith(f"-{framework}.ipynb")}
        members = {
            "README.md": readme(book, framework).encode(),
            "requirements.txt": requirements(framework, name).encode(),
            name: data,
            "LICENSE": (distribution.SOURCE / "LICENSE").read_bytes(),
            **recorded(book),
            **own,
        }
        found[bundle_name(framework)] = zipped(_in_folder(f"{LAB}-{framework}", members))
    return found


def recorded(book: Book) -> dict[str, bytes]:
    """The recorded runs, which notebooks look for in the folder ``results`` beside them."""
    folder = cache.results(book.root)
    return {
        f"results/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*.json"))
    }


def requirements(framework: str, wheel_name: str) -> str:
    """The text of ``requirements.txt`` beside the wheel ``wheel_name``."""
    lines = "\n".join(distribution.requirements(framework))
    label = FRAMEWORKS[framework].label
    return REQUIREMENTS.format(label=label, wheel=wheel_name, lines=lines)


def readme(book: Book, framework: str) -> str:
    """How to start, and the notebooks in the order of the book."""
    rows = "\n".join(
        f"| [{name}]({name}) | {chapter.title} |"
        for chapter in book.chapters.values()
        if chapter.executable
        for name in [notebook_name(chapter, framework)]
    )
    python = distribution.pythons_in_words()
    return README.format(label=FRAMEWORKS[framework].label, python=python, rows=rows)


def _in_folder(folder: str, members: Mapping[str, bytes]) -> dict[str, bytes]:
    return {f"{folder}/{name}": data for name, data in members.items()}
