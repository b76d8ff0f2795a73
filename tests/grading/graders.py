"""A grader's machine for tests: nbgrader's commands with no settings of the user's, and the marks.

Marks are read through nbgrader's own interface, since a time-out or a missing notebook leaves the
exit status of ``autograde`` at 0.
"""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

ROOT = Path(__file__).parents[2]


def environment(home: Path) -> dict[str, str]:
    """Variables for nbgrader and its kernels: all that they write lies below ``home``."""
    home.mkdir(parents=True, exist_ok=True)
    folders = {
        "HOME": home,
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "MPLCONFIGDIR": home / "matplotlib",
    }
    # nbgrader starts alembic, which lies beside it, by its bare name.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    own = {name: str(folder) for name, folder in folders.items()}
    kept = {name: value for name, value in os.environ.items() if name != "LABCODE_FRAMEWORK"}
    return kept | own | {"PATH": path, "PYTHONPATH": str(ROOT)}


def nbgrader(*arguments: str, course: Path, home: Path) -> subprocess.CompletedProcess[str]:
    """Run one command in the folder ``course``; its status and all that it said."""
    command = [sys.executable, "-m", "nbgrader", *arguments]
    return subprocess.run(
        command, cwd=course, env=environment(home), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


@dataclass(frozen=True)
class Mark:
    """What one graded cell earned; ``auto`` is None where a person must grade."""

    cell: str
    auto: float | None
    points: float
    written: bool


def marks(course: Path, assignment: str, student: str) -> dict[str, dict[str, Mark]]:
    """Notebook -> cell -> mark of one student's submission, from the gradebook."""
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        submission = gradebook.find_submission(assignment, student)
        return {
            notebook.name: {
                grade.name: Mark(
                    grade.name, grade.auto_score, grade.max_score, grade.cell.cell_type != "code"
                )
                for grade in notebook.grades
            }
            for notebook in submission.notebooks
        }


def errors(path: Path) -> dict[str, str]:
    """Cell -> what it raised, for each cell of an executed notebook that did.

    A cell that nbgrader does not know is named ``cell 7``, counted from 1 over all cells.
    """
    found = {}
    for number, cell in enumerate(nbformat.read(path, nbformat.NO_CONVERT).cells, start=1):
        name = cell.metadata.get("nbgrader", {}).get("grade_id", f"cell {number}")
        for output in cell.get("outputs", ()):
            if output.output_type == "error":
                found[name] = f"{output.ename}: {output.evalue}"
    return found
