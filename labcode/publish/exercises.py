"""The exercises and questions of a chapter, read and checked: what is asked, checked and graded.

An exercise is a statement (``{exercise}`` with an id), up to three ``{hint}``, a code cell tagged
``exercise`` with the solution between nbgrader's markers, and the next code cell, tagged ``check``.
Whatever would leak a solution, or leave an exercise that nobody can solve or grade, raises
ChapterError with file:line.
"""

import ast
import re
from dataclasses import dataclass, field

from labcode.errors import ChapterError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import directives, markers, questions
from labcode.publish.chapter import Cell, Chapter
from labcode.publish.directives import Block
from labcode.publish.questions import Question

ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HIDING = frozenset({"remove-cell", "remove-input", "hide-cell", "hide-input", "raises-exception"})
HINTS = 3


@dataclass
class Exercise:
    """``cells`` and ``checks`` map a framework's key to a position in ``chapter.cells``."""

    id: str
    title: str
    points: int
    cells: dict[str, int] = field(default_factory=dict)
    checks: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Tasks:
    """What a chapter asks for; ``boxes`` maps a box's first line to the questions in it."""

    exercises: dict[str, Exercise]
    boxes: dict[int, list[Question]]


def read(chapter: Chapter) -> Tasks:
    """The exercises by id and the questions of ``chapter``, all checked."""
    where = chapter.where
    for cell in chapter.cells:
        markers.check(cell, where)
    exercises: dict[str, Exercise] = {}
    for framework in FRAMEWORKS:
        _read_framework(chapter, framework, exercises)
    for exercise in exercises.values():
        for missing in FRAMEWORKS.keys() - exercise.cells.keys():
            other, index = next(iter(exercise.cells.items()))
            raise ChapterError(
                f"{where}:{chapter.cells[index].line}: the exercise '{exercise.id}' has a cell for "
                f"{FRAMEWORKS[other].label} and none for {FRAMEWORKS[missing].label}"
            )
    return Tasks(exercises, questions.read(chapter))


def _read_framework(chapter: Chapter, framework: str, exercises: dict[str, Exercise]) -> None:
    """Read what one framework's students see, in order; add to ``exercises``."""
    where, label = chapter.where, FRAMEWORKS[framework].label
    statements: dict[str, Block] = {}
    hints = 0
    waiting: Exercise | None = None
    for index, cell in enumerate(chapter.cells):
        if cell.framework not in (None, framework):
            continue
        if cell.kind != "code":
            for block in directives.blocks(cell.source, cell.line):
                if block.name == "exercise":
                    hints = 0
                    _statement(block, where, statements)
                elif block.name == "hint" and block.argument:
                    hints += 1
                    _hint(block, where, hints, bool(statements))
            continue
        if waiting and "check" not in cell.tags:
            raise ChapterError(
                f"{where}:{cell.line}: the exercise '{waiting.id}' needs its check here, as the "
                f"next code cell of {label}; tag it check"
            )
        if "exercise" in cell.tags:
            waiting = _exercise(cell, index, framework, where, exercises)
            if waiting.id not in statements:
                raise ChapterError(
                    f"{where}:{cell.line}: the exercise '{waiting.id}' has no statement before it; "
                    f"write :::{{exercise}} Title, and :id: {waiting.id} on the next line"
                )
            waiting.title = statements.pop(waiting.id).argument
        elif "check" in cell.tags:
            if waiting is None:
                raise ChapterError(
                    f"{where}:{cell.line}: a check without an exercise: the code cell before it "
                    f"in {label} is none"
                )
            _check(cell, where)
            waiting.checks[framework] = index
            waiting = None
        elif "exercise" in cell.metadata:
            raise ChapterError(
                f"{where}:{cell.line}: add the tag exercise: [{framework}, exercise]"
            )
    if waiting:
        line = chapter.cells[waiting.cells[framework]].line
        raise ChapterError(
            f"{where}:{line}: the exercise '{waiting.id}' has no check; write the next code cell "
            f"of {label} and tag it check"
        )
    for name, block in statements.items():
        raise ChapterError(
            f"{where}:{block.line}: the exercise '{name}' has a statement and no cell in {label}"
        )


def _statement(block: Block, where: str, statements: dict[str, Block]) -> None:
    directives.known_options(block, where, "id")
    name = block.options.get("id", "")
    if not block.argument or not ID.fullmatch(name) or not block.body.strip():
        raise ChapterError(
            f"{where}:{block.line}: an exercise needs a title, an id of small letters, digits and "
            "hyphens, and a text: :::{exercise} Title, then :id: my-exercise, then what to do"
        )
    if name in statements:
        raise ChapterError(
            f"{where}:{block.line}: duplicate statement of the exercise '{name}', as on line "
            f"{statements[name].line}"
        )
    statements[name] = block


def _hint(block: Block, where: str, expected: int, has_exercise: bool) -> None:
    directives.known_options(block, where)
    if not has_exercise:
        raise ChapterError(
            f"{where}:{block.line}: a hint stands between an exercise's statement and its cell"
        )
    if expected > HINTS or block.argument != str(expected):
        raise ChapterError(
            f"{where}:{block.line}: hints of an exercise are numbered 1, 2, 3; this one is "
            f"'{block.argument}'"
            + (f" and should be {expected}" if expected <= HINTS else ", and three are enough")
        )


def _exercise(
    cell: Cell, index: int, framework: str, where: str, exercises: dict[str, Exercise]
) -> Exercise:
    """The exercise of ``cell``, new or known from the other framework."""
    place = f"{where}:{cell.line}"
    given = cell.metadata.get("exercise")
    if not isinstance(given, dict) or not ID.fullmatch(str(given.get("id", ""))):
        raise ChapterError(
            f"{place}: an exercise needs an id of small letters, digits and hyphens in the cell's "
            "head: exercise: {id: my-exercise, points: 2}"
        )
    name, points = str(given["id"]), given.get("points")
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        raise ChapterError(
            f"{place}: the exercise '{name}' has no points; write exercise: {{id: {name}, "
            "points: 2}, a whole number"
        )
    if unknown := given.keys() - {"id", "points"}:
        raise ChapterError(f"{place}: the exercise '{name}' has an unknown entry {min(unknown)!r}")
    _plain_tags(cell, where)
    kinds = {kind for _, verb, kind in markers.exact(cell) if verb == "BEGIN"}
    if kinds != {"SOLUTION"}:
        raise ChapterError(
            f"{place}: the exercise '{name}' has no markers, so its solution would be published; "
            "put ### BEGIN SOLUTION and ### END SOLUTION around it"
        )
    if not all(markers.hidden(cell.source)):
        raise ChapterError(
            f"{place}: the exercise '{name}' has nothing between its markers, so its solution "
            "would be published; put them around it"
        )
    _python(markers.stub(cell.source), cell, where, "the stub that a student gets")
    exercise = exercises.setdefault(name, Exercise(name, "", points))
    if framework in exercise.cells:
        raise ChapterError(f"{place}: duplicate exercise id '{name}'; give each exercise its own")
    if exercise.points != points:
        raise ChapterError(
            f"{place}: the exercise '{name}' has {points} points here and {exercise.points} in "
            "the other framework"
        )
    exercise.cells[framework] = index
    return exercise


def _check(cell: Cell, where: str) -> None:
    """A check shows something to the student and grades with nothing of a solution in it."""
    _plain_tags(cell, where)
    if "exercise" in cell.metadata:
        raise ChapterError(f"{where}:{cell.line}: a check takes id and points from its exercise")
    shown = markers.visible(cell.source)
    code = [line for line in shown.splitlines() if line.strip() and not line.strip()[0] == "#"]
    if not code:
        raise ChapterError(
            f"{where}:{cell.line}: a check needs a visible part that tells a student what is "
            "wrong, before ### BEGIN HIDDEN TESTS"
        )
    _python(shown, cell, where, "the visible part of the check")


def _python(source: str, cell: Cell, where: str, what: str) -> None:
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise ChapterError(
            f"{where}:{cell.line}: {what} is not Python ({error.msg}): {error.text or ''}".rstrip()
        ) from None


def _plain_tags(cell: Cell, where: str) -> None:
    if both := {"exercise", "check"} <= set(cell.tags) or HIDING & set(cell.tags):
        wrong = "both exercise and check" if both is True else min(both)
        raise ChapterError(f"{where}:{cell.line}: an exercise or check cannot be tagged {wrong}")
