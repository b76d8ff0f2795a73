"""Grading notes: in the solution edition's answers and on the instructor's page, nowhere else."""

import nbformat
import pytest

from labcode.errors import ChapterError
from labcode.publish import exercises, grading
from labcode.publish.chapter import project
from labcode.publish.notebooks import export
from tests.publish import small_chapters

NOTES = """\
:::{grading}
1. Six (NOTE-1), as in [](#sum).
   A common mistake is five.
2. Because of NOTE-2.
:::
"""
PROSE = ":::{grading}\nThe hidden test NOTE-PROSE tries 7.\n:::\n"

ANSWERED = small_chapters.WHOLE.replace(
    small_chapters.QUESTIONS, small_chapters.QUESTIONS + "\n" + NOTES + "\n" + PROSE
)


def cells(book, edition: str) -> dict[str, str]:
    """Id -> source of the cells of the first chapter in PyTorch."""
    data = export(book, edition, ["pytorch"])["one-pytorch.ipynb"]
    return {cell["id"]: cell.source for cell in nbformat.reads(data, as_version=4).cells}


def refused(text: str, *wanted: str, line: str = "") -> None:
    with pytest.raises(ChapterError) as caught:
        small_chapters.chapter(text)
    said = str(caught.value)
    number = text.splitlines().index(line) + 1 if line else None
    assert all(part in said for part in wanted), said
    assert not number or said.startswith(f"book/one.md:{number}:"), said


def test_an_answer_is_the_answer_cell_of_its_question_in_the_solution_edition():
    found = cells(small_chapters.whole(ANSWERED), "solution")
    assert found["one-q1"] == "Six (NOTE-1), as in “The sum”.\nA common mistake is five."
    assert found["one-q2"] == "Because of NOTE-2."


def test_the_students_notebook_is_that_of_a_chapter_without_notes():
    given = cells(small_chapters.whole(ANSWERED), "student")
    assert given == cells(small_chapters.whole(), "student")
    assert given["one-q1"] == "YOUR ANSWER HERE"


def test_nothing_of_a_note_is_in_the_cells_of_a_chapter_or_in_what_runs():
    chapter = small_chapters.chapter(ANSWERED)
    assert "NOTE" not in repr(chapter.cells) and "grading" not in repr(chapter.cells)
    assert "NOTE" not in nbformat.writes(project(chapter, "pytorch"))
    assert [note.box is not None for note in chapter.notes] == [True, False]


def test_the_instructors_source_is_the_chapters_own():
    chapter = small_chapters.chapter(ANSWERED)
    (index,) = {note.cell for note in chapter.notes}
    assert grading.restored(chapter, index).rstrip() in ANSWERED
    assert "NOTE-PROSE" in grading.restored(chapter, index)


def test_lines_of_what_follows_a_note_are_still_those_of_the_file():
    text = ANSWERED + "\n" + small_chapters.QUESTIONS
    last = exercises.read(small_chapters.chapter(text)).boxes
    lines = text.splitlines()
    assert [lines[q.line - 1][:4] for box in last.values() for q in box] == 2 * ["1. H", "2. W"]


def test_a_note_with_another_number_of_answers_is_refused():
    few = ANSWERED.replace("2. Because of NOTE-2.\n", "")
    refused(few, "answers here: 1", "in the box before: 2", line=":::{grading}")
    refused(ANSWERED.replace(NOTES, ":::{grading}\nSix.\n:::\n"), "one numbered list")


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (":::{grading} Answers\nSix.\n:::", "takes no title"),
        (":::{grading}\n:::", "empty"),
        (":::{grading}\n:class: x\nSix.\n:::", "no option :class:"),
        ("- item\n\n  :::{grading}\n  Six.\n  :::", "show grading notes to students"),
        ("> :::{grading}\n> Six.\n> :::", "show grading notes to students"),
        ("::::{note}\n:::{grading}\nSix.\n:::\n::::", "show grading notes to students"),
        ("::: {Grading}\nSix.\n:::", "show grading notes to students"),
        (":::grading\nSix.\n:::", "show grading notes to students"),
        ("::{grading}\nSix.\n::", "show grading notes to students"),
        (
            ":::{grading}\n:::{note}\nA\n:::\nLEFT OVER\n:::\nMore.\n:::",
            ":::{note} is never closed",
        ),
        (":::{grading}\nSee ### BEGIN SOLUTION\n:::", "marker of nbgrader"),
    ],
)
def test_a_note_that_would_be_shown_or_lost_is_refused(note, said):
    refused(f"# One\n\nText.\n\n{note}\n", said)
