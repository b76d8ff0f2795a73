"""A course from the first command to the last: the instructors' chapter, typed on a small book.

Every command of the chapter's bash blocks is run in its order (``ELSEWHERE`` says which not, and
why); before some of them, students do their part.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from getpass import getuser
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.grading.graders import ROOT, environment
from tests.publish.small_chapters import PLAIN, SHARED, TWO, WHOLE

CHAPTER = ROOT / "book" / "instructors.md"

TRIPLE = (
    SHARED.replace("double", "triple").replace("x + x", "x + x + x").replace("2) == 4", "2) == 6")
)
TRIPLE = TRIPLE.replace("triple(7) == 14", 'triple(7) == 21, "three times 7 is 21"')

ELSEWHERE = {
    "make book EDITION=instructor": "builds the real book",
    "make grading": "runs the real lab",
    "jupyter lab": "needs a browser",
    "sbatch --array=1-$(wc -l < students.txt) autograde.sh": "needs a cluster",
}
"""Commands of the chapter that cannot be typed here, and why."""

HOME = "# in a student's home"
BOOK = "# in the folder of the book"

Edit = Callable[[NotebookNode], None]


def commands(text: str) -> list[tuple[str, str]]:
    """Place (a comment, as HOME, or empty for the course folder) and command, in order."""
    found = []
    for block in re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        lines = [line for line in block.splitlines() if line.strip()]
        place = lines[0] if lines[0] in (HOME, BOOK) else ""
        found += [(place, line.split("  #")[0].strip()) for line in lines if line[0] != "#"]
    return found


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def answer(**sources: str) -> Edit:
    """Write these sources into the cells ``one-NAME``, where NAME may have _ for a hyphen."""

    def edit(notebook: NotebookNode) -> None:
        for name, source in sources.items():
            cell(notebook, f"one-{name.replace('_', '-')}").source = source

    return edit


def drop(*names: str) -> Edit:
    """Delete the cells ``one-NAME``."""

    def edit(notebook: NotebookNode) -> None:
        wanted = [cell(notebook, f"one-{name}") for name in names]
        notebook.cells = [c for c in notebook.cells if c not in wanted]

    return edit


DOUBLE, THRICE = "def double(x): return 2 * x", "def triple(x): return 3 * x"
WARNS = "import warnings\ndef double(x):\n    warnings.warn('old')\n    return 2 * x"
LOOPS = "def double(x):\n    while True:\n        pass"

SUBMISSIONS: dict[str, list[Edit]] = {
    "anna": [answer(double=DOUBLE, triple="def triple(x): return 6", q1="It is large.")],
    "1001": [],
    "warns": [answer(double=WARNS, triple=THRICE)],
    "deleted": [answer(double=DOUBLE, triple_check="pass"), drop("double-check", "q1")],
    "nothing": [drop("double", "double-check", "triple", "triple-check", "q1", "q2")],
    "loops": [answer(double=LOOPS, triple=THRICE)],
}
"""Who hands in what, besides the one who uses the exchange and solves everything."""

BY_ARCHIVE = {"anna", "deleted", "loops"}
"""Who uploads an archive; the others' notebooks lie in ``submitted`` later."""


@dataclass
class Course:
    """The course folder, and what each command of the chapter said."""

    book: Path
    folder: Path
    student: Path
    said: dict[str, str] = field(default_factory=dict)
    user: str = field(default_factory=getuser)

    def __post_init__(self) -> None:
        stubs = f"{self.book / 'stubs'}{os.pathsep}{ROOT}"
        self.env = environment(self.book / "home") | {"PYTHONPATH": stubs}
        self.nbgrader = subprocess.Popen(
            [sys.executable, "-m", "tests.grading.warm"], cwd=ROOT, env=self.env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, command: str, place: str) -> None:
        """Type one command; it must succeed."""
        where = {HOME: self.student, BOOK: self.book}.get(place, self.folder)
        log = self.book / "said.txt"
        if command.startswith("nbgrader "):
            arguments = shlex.split(command)[1:]
            request = {"arguments": arguments, "folder": str(where), "log": str(log)}
            print(json.dumps(request), file=self.nbgrader.stdin, flush=True)
            status = int(self.nbgrader.stdout.readline())
        else:
            script = command.replace("labcode ", f"{sys.executable} -m labcode.cli ")
            with open(log, "w") as out:
                bash = ["bash", "-c", script]
                status = subprocess.call(bash, cwd=where, env=self.env, stdout=out, stderr=out)
        said = log.read_text()
        assert status == 0, f"{command}\n{said}"
        self.said[command] = said

    def hand_in(self, name: str, folder: Path) -> None:
        """Put a student's notebook into ``folder``; the other notebook is missing."""
        notebook = nbformat.read(self.folder / "release/lab1-pytorch/one-pytorch.ipynb", 4)
        for edit in SUBMISSIONS[name]:
            edit(notebook)
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / "one-pytorch.ipynb")


@pytest.fixture(scope="session")
def course(tmp_path_factory) -> Iterator[Course]:
    """The course at its end, every command typed."""
    book = tmp_path_factory.mktemp("course")
    (book / "book").mkdir()
    for name, text in {"one": f"{WHOLE}\n{TRIPLE}", "two": TWO, "plain": PLAIN}.items():
        (book / "book" / f"{name}.md").write_text(text)
    (book / "_toc.yml").write_text("format: jb-book\nroot: book/plain\nchapters:\n"
                                   "- file: book/one\n- file: book/two\n")  # fmt: skip
    (book / "_config.yml").touch()
    # The first cell of a notebook looks for its framework, which takes seconds and is not graded.
    (book / "stubs").mkdir()
    for name in ("torch", "tensorflow"):
        (book / "stubs" / f"{name}.py").write_text("raise ImportError('left out here')\n")
    (book / "student").mkdir()
    made = Course(book, book / "_build" / "course", book / "student")
    for place, command in commands(CHAPTER.read_text(encoding="utf-8")):
        if command in ELSEWHERE or command.startswith("cd "):
            continue
        before(made, command)
        made.run(command.replace("make assignment", "labcode assignment"), place)
        if command == "make assignment":
            own_settings(made)
    yield made
    made.nbgrader.communicate()


def own_settings(course: Course) -> None:
    """What the chapter has instructor and students write into their configurations."""
    exchange = f'\nc.Exchange.root = "{course.book / "exchange"}"\n'
    config = course.folder / "nbgrader_config.py"
    config.write_text(config.read_text() + exchange + "c.Execute.timeout = 10\n")
    (course.student / "nbgrader_config.py").write_text("c = get_config()\n" + exchange)
    (course.book / "exchange").mkdir(mode=0o777)
    (course.book / "exchange").chmod(0o777)


def before(course: Course, command: str) -> None:
    """What students and the system around them do before ``command``."""
    folder, lab = course.folder, "lab1-pytorch"
    if command.startswith("nbgrader submit"):
        for path in (course.student / lab).glob("*.ipynb"):
            shutil.copy(folder / "source" / lab / path.name, path)
    elif command.startswith("nbgrader zip_collect"):
        for name in BY_ARCHIVE:
            work = course.book / "uploads" / name
            course.hand_in(name, work)
            archive = folder / "downloaded" / lab / "archive" / f"{name}.zip"
            with zipfile.ZipFile(archive, "w") as packed:
                packed.write(work / "one-pytorch.ipynb", f"{lab}/one-pytorch.ipynb")
    elif command.startswith("ls submitted | xargs"):
        for name in SUBMISSIONS.keys() - BY_ARCHIVE:
            course.hand_in(name, folder / "submitted" / name / lab)
    elif command.startswith("nbgrader release_feedback"):
        # A real course collects in one way; feedback is released to those of the exchange.
        for path in (folder / "feedback").iterdir():
            if path.name != course.user:
                (path / lab / "timestamp.txt").write_text("2030-01-01 12:00:00 UTC")
                (path / lab / "submission_secret.txt").write_text("secret")
