"""The exercises and the answers kept for them fit each other; nothing is run."""

import symtable
from collections.abc import Iterator

import pytest

from labcode.frameworks import FRAMEWORKS
from tests.exercises import harness

CHAPTERS = harness.chapters()
NAMES = [chapter.path.stem for chapter in CHAPTERS]


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_every_exercise_has_a_wrong_answer_in_each_framework(chapter):
    assert harness.faults(chapter) == []


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
def test_every_exercise_is_in_both_frameworks_for_the_same_points(chapter):
    pytorch, tensorflow = (
        {one.id: one.points for one in harness.exercises(chapter, framework)}
        for framework in FRAMEWORKS
    )
    assert pytorch == tensorflow
    assert all(points > 0 for points in pytorch.values())


@pytest.mark.parametrize("chapter", CHAPTERS, ids=NAMES)
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_no_teaching_cell_needs_what_a_student_writes(chapter, framework):
    """Else an exercise that is left open would break the rest of the notebook."""
    written = set()
    for cell in chapter.cells:
        if cell.kind != "code" or cell.framework not in (None, framework):
            continue
        bound, read = names(cell.source)
        if {"exercise", "check"} & set(cell.tags):
            written |= bound
        else:
            assert written & read <= bound, f"{chapter.where}:{cell.line}"
            written -= bound


def names(source: str) -> tuple[set[str], set[str]]:
    """The notebook's names that a cell binds, and those that it reads."""
    top = symtable.symtable(source, "cell", "exec")
    bound = {one.get_name() for one in top.get_symbols() if one.is_assigned() or one.is_imported()}
    return bound, set(_read(top))


def _read(table: symtable.SymbolTable) -> Iterator[str]:
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (table.get_type() == "module" or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _read(child)
