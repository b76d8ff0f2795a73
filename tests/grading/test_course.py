"""nbgrader on a small course: what is released, what work earns, what feedback tells."""

import json
import re
import shutil

import nbformat

from labcode.publish import distribution
from tests.grading.conftest import CHAPTER, ELSEWHERE, commands
from tests.grading.graders import Mark, errors, marks
from tests.grading.whole_lab import amiss

LAB = "lab1-pytorch"


def earned(course, student):
    """Cell -> points by the machine in the notebook ``one``, without the chapter's name."""
    found = marks(course.folder, LAB, student)["one-pytorch"]
    return {name.removeprefix("one-"): mark.auto for name, mark in found.items()}


def autograded(course, student):
    return course.folder / "autograded" / student / LAB / "one-pytorch.ipynb"


def feedback(course, student):
    return (course.folder / "feedback" / student / LAB / "one-pytorch.html").read_text()


def test_every_command_of_the_chapter_was_typed_or_cannot_be():
    text = CHAPTER.read_text(encoding="utf-8")
    typed = [command for _, command in commands(text)]
    assert len(typed) > 20 and ELSEWHERE.keys() <= set(typed)
    # Nothing stands in another kind of block than those that are typed.
    blocks = re.findall(r"^```(\S+)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    other = "".join(body for kind, body in blocks if kind not in ("bash", "sh"))
    assert "nbgrader " not in other.replace("from nbgrader", "")


def test_the_chapter_names_the_pinned_nbgrader():
    assert f"nbgrader=={distribution.locked()['nbgrader']}" in CHAPTER.read_text(encoding="utf-8")


def test_assignments_are_generated_without_a_warning(course):
    for name in ("lab1-pytorch", "lab1-tensorflow"):
        said = course.said[f"nbgrader generate_assignment {name}"]
        assert "WARNING" not in said and "ERROR" not in said
        assert len(list((course.folder / "release" / name).iterdir())) == 2


def test_what_is_released_is_the_student_edition(course, tmp_path):
    from labcode.publish.contents import read_book
    from labcode.publish.notebooks import export

    for framework in ("pytorch", "tensorflow"):
        expected = export(read_book(course.book), "student", [framework])
        release = course.folder / "release" / f"lab1-{framework}"
        assert {path.name for path in release.iterdir()} == expected.keys()
        for name, data in expected.items():
            assert json.loads((release / name).read_text()) == json.loads(data)


def test_solved_earns_all_and_blank_nothing(course):
    assert earned(course, course.user) == {
        "double-check": 3, "triple-check": 3, "q1": None, "q2": None,
    }  # fmt: skip
    assert set(earned(course, "1001").values()) == {0}


def test_a_wrong_answer_loses_the_points_of_its_exercise_only(course):
    assert earned(course, "anna") == {"double-check": 3, "triple-check": 0, "q1": None, "q2": 0}


def test_a_check_that_was_deleted_or_changed_grades_as_released(course):
    assert earned(course, "deleted") == {"double-check": 3, "triple-check": 0, "q1": 0, "q2": 0}


def test_all_deleted_is_graded_like_blank_with_each_cell_in_its_place(course):
    assert set(earned(course, "nothing").values()) == {0}
    cells = nbformat.read(autograded(course, "nothing"), 4).cells
    names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in cells]
    assert names.index("one-double") + 1 == names.index("one-double-check")
    assert [cell.id for cell in cells].index("one-q1-prompt") + 1 == names.index("one-q1")


def test_an_endless_loop_costs_its_own_exercise_only(course):
    assert earned(course, "loops") == {"double-check": 0, "triple-check": 0, "q1": 0, "q2": 0} | {
        "triple-check": 3
    }
    assert any("CellTimeoutError" in what for what in errors(autograded(course, "loops")).values())


def test_a_warning_costs_nothing(course):
    assert earned(course, "warns") == {"double-check": 3, "triple-check": 3, "q1": 0, "q2": 0}


def test_feedback_tells_what_was_wrong_and_nothing_of_the_hidden_tests(course):
    page = feedback(course, "anna")
    assert "AssertionError: three times 7 is 21" in page
    for student in ("anna", "deleted", course.user):
        page = feedback(course, student)
        assert "CANARY-HIDDEN" not in page and "HIDDEN TESTS" not in page
        assert "triple(7)" not in re.sub("<[^>]*>", "", page)
    # The visible part is there, and the student's own code.
    assert "twice 2 is 4" in re.sub("<[^>]*>", "", page)
    fetched = list(course.student.rglob("one-pytorch.html"))
    assert fetched and fetched[0].read_text() == feedback(course, course.user)


def test_graded_folders_hold_notebooks_alone(course):
    for path in (course.folder / "autograded").rglob("*"):
        assert path.is_dir() or path.suffix in (".ipynb", ".txt"), path


def test_marks_are_the_larger_of_both_frameworks(course, tmp_path, monkeypatch, capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", CHAPTER.read_text(), re.MULTILINE | re.DOTALL)
    shutil.copy(course.folder / "marks.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    exec(next(block for block in blocks if "marks.csv" in block), {})
    printed = dict(line.split() for line in capsys.readouterr().out.splitlines())
    assert printed["anna"] == "3.0" and printed[course.user] == "6.0"


def test_the_whole_labs_check_sees_planted_faults(course):
    def told(solved, blank):
        parts = [
            marks(course.folder, LAB, name)["one-pytorch"].values() for name in (solved, blank)
        ]
        raised = [errors(autograded(course, name)) for name in (solved, blank)]
        # The first cell looks for a framework, which is left out here.
        raised = [{cell: what for cell, what in one.items() if cell != "cell 1"} for one in raised]
        return amiss(*parts, *raised)

    assert told(course.user, "1001") == []
    assert told("anna", "1001") == [
        "solved: one-triple-check raised AssertionError: three times 7 is 21",
        "solved: one-triple-check earned 0.0 of 3",
    ]
    assert "blank: one-double-check earned 3.0" in told(course.user, "anna")
    mark = Mark("one-double-check", 0, 3, False)
    depends = amiss([], [mark], {}, {"cell 9": "NameError: name 'best' is not defined"})
    assert depends == ["blank: cell 9, which is no exercise, raised NameError: name 'best' is not "
                       "defined"]  # fmt: skip


def test_making_the_assignment_again_touches_sources_only(course, tmp_path):
    from labcode.cli import main

    copy = shutil.copytree(course.book, tmp_path / "copy", symlinks=True)
    folder = copy / "_build" / "course"
    kept = {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "source" not in path.relative_to(folder).parts
    }
    assert folder / "gradebook.db" in kept and len(kept) > 20
    chapter = copy / "book" / "one.md"
    chapter.write_text(chapter.read_text().replace("Only in PyTorch", "In PyTorch alone"))
    assert main(["assignment", "--root", str(copy)]) == 0
    assert {path: path.read_bytes() for path in kept} == kept
    changed = (folder / "source" / LAB / "one-pytorch.ipynb").read_text()
    assert "In PyTorch alone" in changed
