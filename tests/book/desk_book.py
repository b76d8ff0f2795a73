"""A small book with exercises, questions and grading notes, as students and instructors get it."""

import shutil
from pathlib import Path

from tests.book import small_book
from tests.publish import small_chapters

CALLS = """
+++

What it does with a word:

```{code-cell}
:tags: [pytorch]
print("pytorch doubles", double("ab"))
```

```{code-cell}
:tags: [tensorflow]
print("tensorflow doubles", double("ab"))
```

"""

SHOWS = "    ### END SOLUTION\n"
EXPECTED = 'print("seven doubled:", double(7))\n'

NOTES = """
:::{grading}
1. Four is ZEBRA-FIRST; a common mistake is five.
2. Because of ZEBRA-SECOND.
:::
"""

PROSE = """
:::{grading}
The hidden test ZEBRA-PROSE tries another number.
:::
"""

TESTS = "### BEGIN HIDDEN TESTS\n"
TELLS = 'print("what a ZEBRA-TEST tries")\n'

SHARED = (
    small_book.FRONT + "# One cell for both\n\n" + small_chapters.SHARED.replace(
        SHOWS, SHOWS + EXPECTED
    ).replace(TESTS, TESTS + TELLS)
    + CALLS + "(sum)=\n## The sum\n\n" + small_chapters.QUESTIONS + NOTES
)  # fmt: skip

APART = (
    small_book.FRONT + "# A cell for each\n\n" + small_chapters.APART.replace(
        SHOWS, SHOWS + 'print("seven doubled:", double(7), "WHERE")\n', 2
    ).replace(TESTS, TESTS + TELLS)
    + PROSE + CALLS + "\n## Why\n\n"
    + small_chapters.QUESTIONS.replace("[the sum](#sum)", "it")
)  # fmt: skip
for key in ("pytorch", "tensorflow"):
    APART = APART.replace("WHERE", f"in {key}", 1)

NEVER = ("canar", "zebra", "begin solution", "hidden tests", "x + x")
"""What a student must not find, in small letters; the first as the search index has it, too."""

TOC = """format: jb-book
root: book/index
chapters:
  - file: book/lab/shared
  - file: book/lab/apart
"""

ADDRESS = "https://github.com/example/lab"


def make(folder: Path, address: str = "") -> Path:
    """Write the book into ``folder``; ``address`` is that of its repository."""
    small_book.make(folder)
    shutil.rmtree(folder / "book" / "lab")
    (folder / "book" / "lab").mkdir()
    (folder / "book" / "lab" / "shared.md").write_text(SHARED)
    (folder / "book" / "lab" / "apart.md").write_text(APART)
    (folder / "book" / "status.md").unlink()
    (folder / "_toc.yml").write_text(TOC)
    if address:
        configure(folder, address)
    return folder


def configure(folder: Path, address: str) -> None:
    """Set the address of the repository, as an author would."""
    path = folder / "_config.yml"
    text = path.read_text()
    assert 'url: ""' in text
    path.write_text(text.replace('url: ""', f'url: "{address}"'))


def texts(site: Path) -> dict[str, str]:
    """Each file of a site that is text -> its content."""
    found = {}
    for path in site.rglob("*"):
        if path.is_file() and path.suffix in (".html", ".js", ".json", ".ipynb", ".txt", ".inv"):
            found[path.relative_to(site).as_posix()] = path.read_text(
                encoding="utf-8", errors="replace"
            )
    return found
