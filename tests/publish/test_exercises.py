"""Exercises and questions as they are read, and each fault with its file and line."""

import pytest

from labcode.errors import ChapterError
from labcode.publish import exercises, markers
from tests.publish.small_chapters import (
    APART,
    CHECK,
    EXERCISE,
    QUESTIONS,
    SHARED,
    STATEMENT,
    chapter,
)

HEAD = "# T\n\n"


def cells(text: str, tag: str = "") -> str:
    return text.replace("TAG", tag)


def test_an_exercise_has_statement_points_cells_and_checks_for_each_framework():
    for text in (SHARED, APART):
        one = chapter(HEAD + text)
        (exercise,) = exercises.read(one).exercises.values()
        assert (exercise.id, exercise.title, exercise.points) == ("double", "Double *it*", 3)
        for key in ("pytorch", "tensorflow"):
            assert "exercise" in one.cells[exercise.cells[key]].tags
            assert "check" in one.cells[exercise.checks[key]].tags
            assert one.cells[exercise.cells[key]].framework in (None, key)


def test_a_chapter_without_tasks_has_none():
    found = exercises.read(chapter("# T\n\nText.\n"))
    assert found.exercises == {} and found.boxes == {}


def test_questions_are_numbered_through_the_chapter_and_know_points_and_line():
    text = HEAD + QUESTIONS + "\nMore.\n\n" + QUESTIONS
    first, second = exercises.read(chapter(text)).boxes.values()
    assert [(q.number, q.points) for q in first + second] == [(1, 1), (2, 3), (3, 1), (4, 3)]
    assert first[0].text == "How\nlarge is [the sum](#sum)?"
    assert first[1].text == "Why?"
    for question in first + second:
        assert question.text.splitlines()[0] in text.splitlines()[question.line - 1]


def test_the_stub_and_the_visible_check_hold_nothing_of_solution_and_hidden_tests():
    solution = (
        "def f():\n    a = 1\n    ### BEGIN SOLUTION\n    return a\n    ### END SOLUTION\nf()"
    )
    assert markers.stub(solution) == (
        "def f():\n    a = 1\n    # YOUR CODE HERE\n    raise NotImplementedError()\nf()"
    )
    check = "assert a\n### BEGIN HIDDEN TESTS\nassert b\n### END HIDDEN TESTS\nassert c"
    assert markers.visible(check) == "assert a\nassert c"


BARE = EXERCISE.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", "")
PYTORCH_ONLY = cells(EXERCISE + "\n" + CHECK, "pytorch, ")
TF_CELL = "```{code-cell}\n:tags: [tensorflow]\nx = 1\n```\n"
TWICE = STATEMENT + "\n" + cells(EXERCISE) + "\n" + cells(CHECK)

FAULTS = {
    "no markers": (STATEMENT + "\n" + cells(BARE + CHECK), "def double", "no markers"),
    "an opened marker": (
        SHARED.replace("    ### END SOLUTION\n", ""),
        "### BEGIN SOLUTION",
        "never closed",
    ),
    "a closed marker": (
        SHARED.replace("    ### BEGIN SOLUTION\n", ""),
        "### END SOLUTION",
        "without its",
    ),
    "a marker in small letters": (
        SHARED.replace("### BEGIN HIDDEN TESTS", "# begin hidden tests").replace(
            "### END HIDDEN TESTS\n", ""
        ),
        "# begin hidden tests",
        "looks like a marker",
    ),
    "a marker that nbgrader does not know": (
        SHARED.replace("BEGIN HIDDEN TESTS", "BEGIN  HIDDEN TESTS"),
        "BEGIN  HIDDEN",
        "looks like a marker",
    ),
    "a marker of one word": (
        SHARED.replace("N HIDDEN TESTS", "N_HIDDEN_TESTS").replace("D HIDDEN T", "D_HIDDEN_T"),
        "### BEGIN_HIDDEN_TESTS",
        "looks like a marker",
    ),
    "a marker the other way round": (
        SHARED.replace("BEGIN HIDDEN TESTS", "HIDDEN TESTS BEGIN").replace(
            "### END HIDDEN TESTS\n", ""
        ),
        "### HIDDEN TESTS BEGIN",
        "looks like a marker",
    ),
    "markers with nothing between them": (
        SHARED.replace("    return x + x  # CANARY-SOLUTION\n", "").replace(
            "    ### END SOLUTION\n", "    ### END SOLUTION\n    return x + x\n"
        ),
        "def double",
        "nothing between its markers",
    ),
    "a marker with words after it": (
        SHARED.replace("### BEGIN SOLUTION", "### BEGIN SOLUTION here"),
        "### END SOLUTION",
        "without its",
    ),
    "a marker in prose": (HEAD + "Write BEGIN SOLUTION.\n", "Write BEGIN", "looks like a marker"),
    "a solution in a plain cell": (
        cells("```{code-cell}\n### BEGIN SOLUTION\nx\n### END SOLUTION\n```\n"),
        "### BEGIN",
        "not tagged exercise",
    ),
    "hidden tests in an exercise": (
        SHARED.replace("SOLUTION\n", "HIDDEN TESTS\n"),
        "    ### BEGIN HIDDEN",
        "not tagged check",
    ),
    "a duplicate id": (TWICE + "\n" + TWICE, "def double", "duplicate exercise id 'double'"),
    "a duplicate statement": (STATEMENT + "\n" + SHARED, ":::{exercise}", "as on line 3"),
    "no points": (SHARED.replace(", points: 3", ""), "def double", "no points"),
    "points that are words": (SHARED.replace("points: 3", "points: ten"), "def double", "points"),
    "no id": (SHARED.replace("id: double, ", ""), "def double", "needs an id"),
    "no head": (
        SHARED.replace("exercise: {id: double, points: 3}\n", ""),
        "def double",
        "needs an id",
    ),
    "an unknown entry": (SHARED.replace("points: 3", "points: 3, x: 1"), "def double", "'x'"),
    "other points": (APART.replace("points: 3", "points: 2", 1), "def double", "3 points here"),
    "a check without an exercise": (cells(CHECK), "assert double(2)", "without an exercise"),
    "a second check": (SHARED + "\n" + cells(CHECK), "assert double(2)", "without an exercise"),
    "no check": (STATEMENT + "\n" + cells(EXERCISE), "def double", "has no check"),
    "a check that comes too late": (
        STATEMENT + cells(f"\n{EXERCISE}\n```{{code-cell}}\nlate = 1\n```\n\n{CHECK}"),
        "late = 1",
        "needs its check here",
    ),
    "a check without a visible part": (
        SHARED.replace('assert double(2) == 4, "twice 2 is 4"', "# nothing"),
        "# nothing",
        "visible part",
    ),
    "no statement": (cells(EXERCISE + "\n" + CHECK), "def double", "no statement"),
    "a statement without a cell": (STATEMENT, ":::{exercise}", "no cell"),
    "a statement without an id": (SHARED.replace(":id: double\n", ""), ":::{exercise}", "an id"),
    "a statement with an unknown option": (
        SHARED.replace(":id: double\n", ":id: double\n:class: x\n"),
        ":::{exercise}",
        ":class:",
    ),
    "a tag that is missing": (
        STATEMENT + "\n" + cells(BARE).replace("tags: [exercise]\n", ""),
        "def double",
        "add the tag",
    ),
    "a hidden exercise": (
        SHARED.replace("[exercise]", "[exercise, hide-input]"),
        "def double",
        "hide-input",
    ),
    "one framework only": (
        STATEMENT + "\n" + PYTORCH_ONLY + "\n" + TF_CELL,
        ":::{exercise}",
        "no cell in TensorFlow",
    ),
    "a solution that leaves no Python": (
        SHARED.replace("    ### BEGIN SOLUTION", "  ### BEGIN SOLUTION").replace(
            "def double(x):", "def double(x):\n    y = 1"
        ),
        "def double",
        "not Python",
    ),
    "a fourth hint": (
        SHARED.replace("2\nAdd", "2\nA\n:::\n\n:::{hint} 3\nB\n:::\n\n:::{hint} 4\nAdd"),
        ":::{hint} 4",
        "three are enough",
    ),
    "hints out of order": (SHARED.replace("{hint} 2", "{hint} 3"), ":::{hint} 3", "should be 2"),
    "a hint before its exercise": (":::{hint} 1\nx\n:::\n", ":::{hint}", "between"),
    "questions without a list": (
        ":::{admonition} Question\n:class: question\nWhy?\n:::\n",
        ":::{admonition}",
        "numbered list",
    ),
    "questions with options that only MyST reads": (
        ":::{admonition} Question\n---\nclass: question\n---\n1. Why?\n:::\n",
        ":::{admonition}",
        ":name: value",
    ),
    "questions for one framework": (
        '+++ {"tags": ["pytorch"]}\n' + QUESTIONS,
        ":::{admonition}",
        "both frameworks",
    ),
}


@pytest.mark.parametrize("text, at, words", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_stops_with_file_and_line(text, at, words):
    text = text if text.startswith("# T") else HEAD + text
    with pytest.raises(ChapterError) as caught:
        chapter(text)
    place, _, message = str(caught.value).partition(": ")
    name, line = place.rsplit(":", 1)
    assert name == "book/one.md" and words in message
    # The last line with the words: of two equal ids the second is at fault.
    lines = [i for i, found in enumerate(text.splitlines(), start=1) if at in found]
    assert int(line) == lines[-1]
