"""Every exercise of a chapter tried for real: left blank, answered wrongly, and solved.

The chapter runs once in a framework's kernel, as in the build, up to its last check. Before each
exercise the kernel tries that exercise's answers (``trying.py``), each from the same state.

Wrong answers stand in ``answers/<chapter>.toml``, a table for each::

    [[wrong]]
    exercise = "top-k"              # the exercise's id
    framework = "pytorch"           # left out: in both
    mistake = "divides by the number of batches times their size"
    says = "10,016"                 # must occur in what the check says
    change = [["len(labels)", "10_016"]]   # pairs: old text of the solution cell, new text
    # or, instead of change, the whole cell:
    # code = '''...'''
    # hidden = true                 # only the hidden part of the check finds it
"""

import json
import tempfile
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labcode.errors import ExecutionError
from labcode.frameworks import FRAMEWORKS
from labcode.profiles import SEED, current
from labcode.publish import cache as executed
from labcode.publish import markers
from labcode.publish.chapter import Chapter, project
from labcode.publish.failure import CellFailure, explain
from labcode.publish.kernel import terminable
from labcode.publish.parsing import read_chapter
from labcode.publish.run import run_notebook

ROOT = Path(__file__).parents[2]
ANSWERS = Path(__file__).parent / "answers"
TRYING = Path(__file__).parent / "trying.py"

BLANK, SOLVED = "left blank", "solved"


@dataclass(frozen=True)
class Exercise:
    """An exercise as one framework's notebook has it.

    ``position`` and ``end`` are those of its cell and of its check's among the notebook's cells.
    """

    chapter: str
    framework: str
    id: str
    points: float
    solution: str
    check: str
    position: int
    end: int

    @property
    def stub(self) -> str:
        """What nbgrader leaves of the solution for the student."""
        return markers.stub(self.solution)


@dataclass(frozen=True)
class Wrong:
    """A wrong answer; ``framework`` None stands for both."""

    exercise: str
    mistake: str
    says: str
    framework: str | None = None
    change: tuple[tuple[str, str], ...] = ()
    code: str | None = None
    hidden: bool = False

    def answer(self, exercise: Exercise) -> str:
        """The source of the whole cell; ValueError when a text to change is not there."""
        if self.code is not None:
            return self.code
        source = exercise.solution
        for old, new in self.change:
            if old not in source:
                raise ValueError(f"{exercise.id}, {self.mistake}: the solution has no {old!r}")
            source = source.replace(old, new)
        return source


@dataclass(frozen=True)
class Outcome:
    """What an answer and its check raised, each as ``Type: message`` or None.

    ``hidden`` tells that it was the check's hidden part that failed.
    """

    answer: str | None
    check: str | None
    hidden: bool
    seconds: float


def chapters() -> list[Chapter]:
    """The book's chapters that have exercises."""
    paths = sorted((ROOT / "book").rglob("*.md"))
    found = (read_chapter(path, root=ROOT) for path in paths)
    return [one for one in found if any("exercise" in cell.tags for cell in one.cells)]


def exercises(chapter: Chapter, framework: str) -> list[Exercise]:
    """The chapter's exercises in ``framework``, each with the next code cell as its check."""
    return _exercises(chapter, framework, project(chapter, framework))


def wrong_answers(chapter: str) -> list[Wrong]:
    """The wrong answers kept for the chapter of this name, as in ``book/lab/02-inference``."""
    path = ANSWERS / f"{Path(chapter).name}.toml"
    if not path.exists():
        return []
    tables = tomllib.loads(path.read_text(encoding="utf-8"))["wrong"]
    return [
        Wrong(**table | {"change": tuple(map(tuple, table.get("change", ())))}) for table in tables
    ]


def wrong_for(exercise: Exercise) -> list[Wrong]:
    """The wrong answers to one exercise in its framework."""
    return [
        wrong
        for wrong in wrong_answers(exercise.chapter)
        if wrong.exercise == exercise.id and wrong.framework in (None, exercise.framework)
    ]


def faults(chapter: Chapter) -> list[str]:
    """What is amiss with the chapter's answers, found without running anything."""
    found = []
    known = {}
    for framework in FRAMEWORKS:
        for exercise in exercises(chapter, framework):
            known.setdefault(exercise.id, set()).add(framework)
            wrongs = wrong_for(exercise)
            if not wrongs:
                found.append(f"{exercise.id} has no wrong answer in {framework}")
            for wrong in wrongs:
                try:
                    compile(wrong.answer(exercise), exercise.id, "exec")
                except (ValueError, SyntaxError) as error:
                    found.append(f"{framework}: {error}")
    for wrong in wrong_answers(chapter.name):
        there = known.get(wrong.exercise, set())
        if not there or (wrong.framework and wrong.framework not in there):
            found.append(f"{wrong.mistake!r} answers {wrong.exercise}, which is not in the chapter")
    return found


@cache
def tried(name: str, framework: str) -> dict[str, dict[str, Outcome]]:
    """Exercise id -> answer (BLANK, SOLVED or its mistake) -> outcome. Runs chapter ``name``.

    Raises ExecutionError when a cell of the chapter itself fails.
    """
    chapter = read_chapter(ROOT / f"{name}.md", root=ROOT)
    notebook = project(chapter, framework)
    wanted = _exercises(chapter, framework, notebook)
    del notebook.cells[wanted[-1].end + 1 :]
    plans = {}
    with tempfile.TemporaryDirectory(prefix="exercises-") as temporary:
        for exercise in reversed(wanted):
            answers = {BLANK: exercise.stub}
            answers |= {w.mistake: w.answer(exercise) for w in wrong_for(exercise)}
            answers[SOLVED] = exercise.solution
            plan = plans[exercise.id] = Path(temporary) / f"{exercise.id}.json"
            attempts = [{"answer": one, "check": exercise.check} for one in answers.values()]
            plan.write_text(json.dumps(attempts), encoding="utf-8")
            _insert(notebook, exercise, plan)
        _run(chapter, framework, notebook)
        outcomes = {}
        for exercise in wanted:
            labels = [BLANK, *(w.mistake for w in wrong_for(exercise)), SOLVED]
            told = json.loads(plans[exercise.id].with_suffix(".outcomes").read_text())
            pairs = zip(labels, told, strict=True)
            outcomes[exercise.id] = {label: _outcome(exercise, one) for label, one in pairs}
    return outcomes


def _exercises(chapter: Chapter, framework: str, notebook: NotebookNode) -> list[Exercise]:
    found = []
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for (position, cell), (end, after) in zip(code, code[1:], strict=False):
        if "exercise" not in _tags(cell):
            continue
        about = cell.metadata["exercise"]
        if "check" not in _tags(after):
            line = cell.metadata["labcode"]["line"]
            raise ValueError(f"{chapter.where}:{line}: no check follows {about['id']}")
        told = about["id"], about["points"], cell.source, after.source
        found.append(Exercise(chapter.name, framework, *told, position, end))
    return found


def _insert(notebook: NotebookNode, exercise: Exercise, plan: Path) -> None:
    """Put a cell that carries out ``plan`` before the exercise's own; it binds no name."""
    source = f'__import__("runpy").run_path({str(TRYING)!r})["run"](globals(), {str(plan)!r})'
    cell = nbformat.v4.new_code_cell(source, metadata={"labcode": {"index": -1, "line": 0}})
    notebook.cells.insert(exercise.position, cell)


def _run(chapter: Chapter, framework: str, notebook: NotebookNode) -> None:
    try:
        with terminable():
            run_notebook(
                notebook,
                framework,
                timeout=10 * current().cell_timeout,  # a cell of tries runs many answers
                dataset=None,
                seed=SEED,
                package=executed.PACKAGE,
                results=executed.results(ROOT).resolve(),
                on_cell=lambda number: None,
            )
    except CellFailure as failure:
        raise ExecutionError(explain(failure, chapter, framework, notebook)) from failure


def _outcome(exercise: Exercise, told: dict) -> Outcome:
    texts = [
        f"{error['type']}: {error['message']}" if (error := told[part]) else None
        for part in ("answer", "check")
    ]
    at = told["check"]["line"] if told["check"] else 0
    before = exercise.check.splitlines()[:at]
    begun = sum("### BEGIN HIDDEN TESTS" in line for line in before)
    ended = sum("### END HIDDEN TESTS" in line for line in before)
    return Outcome(*texts, hidden=begun > ended, seconds=told["seconds"])


def _tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])
