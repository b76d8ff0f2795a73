"""Feedback keeps what a student wrote and drops what hidden tests are made of."""

import pytest
from nbformat import NotebookNode, v4

from labcode.publish.autograding import HideTests
from labcode.publish.notebooks import grader

CHECK = "assert a\n### BEGIN HIDDEN TESTS\nassert double(7)\n### END HIDDEN TESTS"
MARK = "x = 1\n### BEGIN HIDDEN TESTS\nand so on"
FAILED = {"ename": "AssertionError", "evalue": "seven", "traceback": ["assert double(7)"]}


def fed_back(cell: NotebookNode) -> NotebookNode:
    return HideTests().preprocess_cell(cell, {}, 0)[0]


def check(source: str = CHECK) -> NotebookNode:
    metadata = grader("one-check", grade=True, locked=True, points=1)
    outputs = [
        v4.new_output("stream", name="stdout", text="called with 7"),
        v4.new_output("error", **FAILED),
    ]
    return v4.new_code_cell(source, metadata=metadata, outputs=outputs)


def test_of_a_check_with_hidden_tests_the_visible_part_and_the_message_stay():
    cell = fed_back(check())
    assert cell.source == "assert a"
    assert [one.traceback for one in cell.outputs] == [["AssertionError: seven"]]


def test_a_check_without_hidden_tests_is_left_as_it_is():
    cell = fed_back(check("assert a"))
    assert cell.source == "assert a" and [one.output_type for one in cell.outputs] == [
        "stream",
        "error",
    ]
    assert cell.outputs[1].traceback == FAILED["traceback"]


@pytest.mark.parametrize("make", [v4.new_code_cell, v4.new_markdown_cell])
def test_markers_that_a_student_wrote_are_the_students_text(make):
    for metadata in ({}, grader("one", solution=True)):
        assert fed_back(make(MARK, metadata=metadata)).source == MARK


@pytest.mark.parametrize("change", [{"solution": True}, {"grade": False}])
def test_metadata_that_a_student_changed_shows_no_more(change):
    cell = check()
    cell.metadata["nbgrader"] |= change
    assert "double(7)" not in str(fed_back(cell))
