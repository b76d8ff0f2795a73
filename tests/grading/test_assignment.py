"""The course folder, and nbgrader's view of the real lab."""

import ast
import re
from collections import Counter
from functools import cache
from pathlib import Path

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from labcode.cli import main
from labcode.errors import LabcodeError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import assignment, exercises
from labcode.publish.contents import Book, read_book
from labcode.publish.notebooks import export
from tests.grading.graders import ROOT
from tests.publish.small_chapters import PLAIN, TWO, WHOLE, book, whole


def sources(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("source/*/*.ipynb"))}


def changed_book() -> Book:
    """The small book with another second chapter."""
    return book(one=WHOLE, two=TWO + "\nMore.\n", plain=PLAIN)


def test_the_course_folder_holds_solutions_by_framework(tmp_path):
    written = assignment.write(whole(), tmp_path)
    assert written.configured
    assert written.changed == {f"lab1-{key}": [f"one-{key}.ipynb", f"two-{key}.ipynb"]
                               for key in FRAMEWORKS}  # fmt: skip
    assert sources(tmp_path) == export(whole(), "solution")


def test_writing_again_changes_what_changed_and_keeps_the_configuration(tmp_path):
    assignment.write(whole(), tmp_path)
    config = tmp_path / "nbgrader_config.py"
    config.write_text("# mine\n")
    again = assignment.write(changed_book(), tmp_path)
    assert not again.configured and config.read_text() == "# mine\n"
    assert again.changed == {f"lab1-{key}": [f"two-{key}.ipynb"] for key in FRAMEWORKS}
    assert b"More." in sources(tmp_path)["two-pytorch.ipynb"]


def test_a_notebook_of_a_renamed_chapter_stops_it_and_nothing_is_written(tmp_path):
    assignment.write(whole(), tmp_path)
    stale = tmp_path / "source" / "lab1-tensorflow" / "old-tensorflow.ipynb"
    stale.write_text("{}")
    before = sources(tmp_path)
    with pytest.raises(LabcodeError, match="old-tensorflow.ipynb: the book has no such notebook"):
        assignment.write(changed_book(), tmp_path)
    assert sources(tmp_path) == before


def test_a_notebook_of_ones_own_in_another_assignment_is_left_alone(tmp_path):
    own = tmp_path / "source" / "lab0" / "warm-up.ipynb"
    own.parent.mkdir(parents=True)
    own.write_text("{}")
    assignment.write(whole(), tmp_path)
    assert own.read_text() == "{}"


def test_the_command_says_what_to_type_next(tmp_path, capsys):
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: one\n")
    (tmp_path / "one.md").write_text("# One\n\n```{code-cell}\nx = 1\n```\n")
    assert main(["assignment", "--root", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert f"course folder: {tmp_path / '_build' / 'course'}\n" in said
    assert "lab1-pytorch: 1 notebooks new or changed\n  nbgrader generate_assignment" in said
    assert main(["assignment", "--root", str(tmp_path)]) == 0
    assert "is yours and was kept" in capsys.readouterr().out


@cache
def lab() -> Book:
    return read_book(ROOT)


@cache
def notebooks(edition: str) -> dict[str, nbformat.NotebookNode]:
    found = export(lab(), edition)
    return {
        name: nbformat.reads(data.decode(), nbformat.NO_CONVERT) for name, data in found.items()
    }


def graded(notebook: nbformat.NotebookNode) -> dict[str, dict]:
    return {
        cell.id: cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata
    }


@pytest.mark.parametrize("edition", ["student", "solution"])
def test_nbgrader_finds_the_metadata_of_the_whole_lab_valid(edition):
    for notebook in notebooks(edition).values():
        MetadataValidator().validate_nb(notebook)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_ids_are_unique_over_the_whole_lab(framework):
    ids = Counter(
        name
        for file, notebook in notebooks("solution").items()
        if file.endswith(f"-{framework}.ipynb")
        for name in graded(notebook)
    )
    assert len(ids) > 60 and set(ids.values()) == {1}


def test_each_chapters_points_are_those_that_its_text_shows():
    for chapter in (one for one in lab().chapters.values() if one.executable):
        tasks = exercises.read(chapter)
        due = sum(one.points for one in tasks.exercises.values())
        due += sum(one.points for box in tasks.boxes.values() for one in box)
        for framework in FRAMEWORKS:
            file = f"{chapter.name.rpartition('/')[2]}-{framework}.ipynb"
            found = graded(notebooks("student")[file]).values()
            assert sum(m["points"] for m in found if m["grade"]) == due, file
            prose = (
                c.source for c in notebooks("student")[file].cells if c.cell_type == "markdown"
            )
            shown = re.findall(r"^(?:### Exercise: .*|\*\*Question \d+\*\*) \((\d+) points?\)",
                               "\n".join(prose), re.MULTILINE)  # fmt: skip
            assert sum(map(int, shown)) == due, file


def test_no_check_ends_with_a_value_which_nbgrader_would_take_for_points():
    for file, notebook in notebooks("solution").items():
        for cell in notebook.cells:
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
                last = ast.parse(cell.source).body[-1]
                assert not isinstance(last, ast.Expr), f"{file}: {cell.id}"
