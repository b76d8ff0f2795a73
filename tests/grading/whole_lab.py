"""The whole lab through nbgrader: solved earns every automatic mark, blank none (make grading).

Each notebook is handed in twice, as the solution edition and as it is released, and each is
autograded. A notebook that passed is not run again until it, labcode or nbgrader changes.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from labcode.files import atomic_write
from labcode.frameworks import FRAMEWORKS
from labcode.publish import assignment, autograding, cache
from labcode.publish.contents import read_book
from tests.grading.graders import ROOT, Mark, errors, marks, nbgrader

ROW = "{:<24} {:<11} {:>5} {:>8} {:>7} {:>6} {:>9} {:>8}  {}"
HEAD = ROW.format(
    "notebook", "framework", "auto", "written", "solved", "blank", "s solved", "s blank", ""
)


@dataclass(frozen=True)
class Row:
    """One notebook: points by kind, what both submissions earned, seconds, and what is amiss."""

    notebook: str
    framework: str
    auto: float
    written: float
    solved: float
    blank: float
    seconds_solved: float
    seconds_blank: float
    faults: list[str]

    def __str__(self) -> str:
        stem = self.notebook.removesuffix(f"-{self.framework}")
        points = f"{self.auto:g}", f"{self.written:g}", f"{self.solved:g}", f"{self.blank:g}"
        seconds = f"{self.seconds_solved:.0f}", f"{self.seconds_blank:.0f}"
        verdict = "FAILED" if self.faults else "ok"
        text = ROW.format(stem, self.framework, *points, *seconds, verdict)
        return "\n".join([text, *(f"    {fault}" for fault in self.faults)])


def main() -> int:
    """Grade the notebooks that were asked for, print a row each; 1 when any mark is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", action="append", choices=list(FRAMEWORKS))
    parser.add_argument("--chapter", action="append", help="as in 03-exploration; else all")
    parser.add_argument("--folder", type=Path, default=ROOT / "_build" / "grading")
    parser.add_argument("--jobs", type=int, default=1, help="2: both frameworks at the same time")
    options = parser.parse_args()
    frameworks = options.framework or list(FRAMEWORKS)
    print(HEAD, flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        found = list(pool.map(lambda one: _framework(one, options), frameworks))
    rows = [row for part in found for row in part]
    failed = [row for row in rows if row.faults]
    total = sum(row.seconds_solved for row in rows)
    print(
        f"{len(rows)} notebooks, {sum(row.auto for row in rows):g} points by checks, "
        f"{sum(row.written for row in rows):g} by hand; "
        f"{total:.0f} s to autograde the solved ones; {len(failed)} failed"
    )
    return 1 if failed or not rows else 0


def _framework(framework: str, options: argparse.Namespace) -> list[Row]:
    """Grade one framework's notebooks in a course folder of its own."""
    folder = options.folder.resolve() / framework
    course, name = folder / "course", assignment.name(framework)
    shutil.rmtree(course, ignore_errors=True)
    assignment.write(read_book(ROOT), course, [framework])
    done = nbgrader("generate_assignment", name, course=course, home=folder / "home")
    if done.returncode:
        sys.exit(done.stdout)
    for student, edition in (("solved", "source"), ("blank", "release")):
        shutil.copytree(course / edition / name, course / "submitted" / student / name)
    rows = []
    for path in sorted((course / "source" / name).glob("*.ipynb")):
        stem = path.stem
        if options.chapter and stem.removesuffix(f"-{framework}") not in options.chapter:
            continue
        row = _kept(folder, path) or _graded(folder, path, framework)
        if not row.faults:
            atomic_write(folder / "passed" / f"{_key(path)}.json", json.dumps(asdict(row)))
        print(row, flush=True)
        rows.append(row)
    return rows


def _key(path: Path) -> str:
    """Digest of what the marks of the notebook ``path`` in ``source`` depend on."""
    released = path.parents[2] / "release" / path.parent.name / path.name
    versions = ROOT / "requirements.txt"
    # Publishing code is not in the digest of the package, and this module of it does the grading.
    files = [path, released, versions, Path(autograding.__file__), Path(assignment.__file__)]
    settings = [cache.package_digest(), os.environ.get("PROFILE", "quick")]
    parts = [file.read_bytes() for file in files] + [one.encode() for one in settings]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _kept(folder: Path, path: Path) -> Row | None:
    kept = folder / "passed" / f"{_key(path)}.json"
    return Row(**json.loads(kept.read_text(encoding="utf-8"))) if kept.is_file() else None


def _graded(folder: Path, path: Path, framework: str) -> Row:
    """Autograde both submissions of one notebook, and compare the marks with what is due."""
    course, name, stem = folder / "course", assignment.name(framework), path.stem
    seconds, faults = {}, []
    for student in ("solved", "blank"):
        began = time.monotonic()
        only = "--student", student, "--notebook", stem
        done = nbgrader("autograde", name, *only, course=course, home=folder / "home")
        seconds[student] = time.monotonic() - began
        log = folder / "logs" / f"{stem}-{student}.log"
        atomic_write(log, done.stdout)
        if done.returncode:
            faults.append(f"{student}: autograde failed, see {log}")
    solved = marks(course, name, "solved")[stem].values()
    blank = marks(course, name, "blank")[stem].values()
    if not faults:
        raised = {
            student: errors(course / "autograded" / student / name / path.name)
            for student in ("solved", "blank")
        }
        faults = amiss(solved, blank, raised["solved"], raised["blank"])
    return Row(
        stem,
        framework,
        auto=sum(mark.points for mark in solved if not mark.written),
        written=sum(mark.points for mark in solved if mark.written),
        solved=sum(mark.auto or 0 for mark in solved if not mark.written),
        blank=sum(mark.auto or 0 for mark in blank),
        seconds_solved=seconds["solved"],
        seconds_blank=seconds["blank"],
        faults=faults,
    )


def amiss(
    solved: Iterable[Mark],
    blank: Iterable[Mark],
    raised_solved: Mapping[str, str],
    raised_blank: Mapping[str, str],
) -> list[str]:
    """What is wrong with the marks of a solved and a blank submission, and with what cells raised.

    A blank notebook may fail in its exercises and checks and nowhere else: what teaches must not
    depend on a student's answer.
    """
    solved = list(solved)
    found = [f"solved: {cell} raised {what}" for cell, what in raised_solved.items()]
    for mark in solved:
        if not mark.written and mark.auto != mark.points:
            found.append(f"solved: {mark.cell} earned {mark.auto} of {mark.points:g}")
    found += [f"blank: {mark.cell} earned {mark.auto}" for mark in blank if mark.auto != 0]
    exercises = {mark.cell.removesuffix("-check") for mark in solved}
    for cell, what in raised_blank.items():
        if cell.removesuffix("-check") not in exercises:
            found.append(f"blank: {cell}, which is no exercise, raised {what}")
    return found


if __name__ == "__main__":
    sys.exit(main())
