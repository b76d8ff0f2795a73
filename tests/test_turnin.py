"""A turn-in is packed when it is whole, and each planted fault is named with its remedy."""

import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from labcode import turnin
from labcode.binaries import export_lab
from labcode.cli import main
from labcode.data import Split
from labcode.errors import TurnInError
from labcode.reference import forward
from labcode.turnin import folder as folders
from labcode.turnin.notebooks import notebook_problems
from labcode.weights import initial_weights


def cell(count, source="x = 1", outputs=()):
    return {
        "cell_type": "code",
        "execution_count": count,
        "source": [source],
        "outputs": list(outputs),
        "metadata": {},
    }


def write_notebook(path, *cells):
    path.parent.mkdir(exist_ok=True)
    text = {"cell_type": "markdown", "source": ["# Lab 1"], "metadata": {}}
    notebook = {"cells": [text, *cells], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(notebook))
    return path


class Noise(Split):
    """Three images without files."""

    def __init__(self):
        images = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), np.uint8)
        super().__init__("val", images, np.arange(3), Path(), list, [])

    def metadata(self, index):
        return {"number": index}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A sound export of three images of noise."""
    split, weights = Noise(), initial_weights()
    folder = tmp_path_factory.mktemp("export") / "binaries"
    maps = forward(weights, split.images.astype(np.float32) / np.float32(255))
    export_lab(folder, weights, split, [0, 1, 2], maps)
    return folder


@pytest.fixture
def folder(tmp_path, exported):
    """A turn-in without a fault; its binaries are hard links, so replace them to spoil them."""
    root = tmp_path / "lab1-team3"
    root.mkdir()
    (root / "report.pdf").write_bytes(b"%PDF-1.7\n" + 1000 * b"x")
    write_notebook(root / "notebooks" / "inference.ipynb", cell(1), cell(None, " \n"), cell(2))
    shutil.copytree(exported, root / "binaries", copy_function=os.link)
    return root


def test_a_whole_folder_is_packed_and_the_zip_proves_itself(folder, capsys):
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints" / "old.ipynb").write_text("junk")
    (folder / ".venv").symlink_to(folder.parent)  # hidden, so it is not packed and no matter
    assert main(["turn-in", str(folder)]) == 0
    path = folder.with_name("lab1-team3.zip")
    assert "packed" in capsys.readouterr().out and turnin.verify_zip(path) == []
    names = zipfile.ZipFile(path).namelist()
    assert "lab1-team3/report.pdf" in names and "lab1-team3/binaries/image_0.bin" in names
    assert not any("checkpoints" in name for name in names)
    first = path.read_bytes()
    turnin.pack(folder)
    assert path.read_bytes() == first, "equal files make equal zips"


def test_a_zip_that_was_changed_is_found_out(folder, tmp_path):
    (folder / "notebooks" / "empty.txt").touch()
    path = turnin.pack(folder, tmp_path / "a.zip")
    spoilt = tmp_path / "b.zip"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, data[::-1] if name.endswith("report.pdf") else data)
    assert turnin.verify_zip(spoilt) == ["report.pdf: is missing or changed"]
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(spoilt, "w") as new:
        for name in old.namelist():
            if not name.endswith("empty.txt"):
                new.writestr(name, old.read(name))
    assert turnin.verify_zip(spoilt) == ["notebooks/empty.txt: is missing or changed"]
    data = bytearray(path.read_bytes())
    for place in range(2000, 2040):  # within what is packed of a map
        data[place] ^= 0xFF
    spoilt.write_bytes(data)
    assert "not a whole turn-in" in turnin.verify_zip(spoilt)[0]
    spoilt.write_bytes(path.read_bytes()[:1000])
    assert "not a whole turn-in" in turnin.verify_zip(spoilt)[0]


def test_binaries_that_lab_2_could_not_read_are_not_packed(folder):
    path = folder / "binaries" / "model" / "dense2_biases.bin"
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1])
    with pytest.raises(TurnInError, match="not ready") as caught:
        turnin.pack(folder)
    assert "binaries/model/dense2_biases.bin" in str(caught.value)
    assert not folder.with_name("lab1-team3.zip").exists()


def remove_report(folder):
    (folder / "report.pdf").unlink()


def two_reports(folder):
    (folder / "report.md").write_text(1000 * "x")


def report_is_no_pdf(folder):
    (folder / "report.pdf").write_bytes(b"PK" + 1000 * b"x")


def empty_report(folder):
    (folder / "report.pdf").write_bytes(b"%PDF")


def remove_notebooks(folder):
    (folder / "notebooks" / "inference.ipynb").unlink()


def remove_binaries(folder):
    shutil.rmtree(folder / "binaries")


def add_data_set(folder):
    for i in range(30):
        (folder / f"train_{i}.JPEG").write_bytes(b"x")


def add_link(folder):
    (folder / "binaries").rename(folder.parent / "elsewhere")
    (folder / "binaries").symlink_to(folder.parent / "elsewhere")


@pytest.mark.parametrize(
    "spoil, words",
    [
        (remove_report, "report: there is none"),
        (two_reports, "there are several"),
        (report_is_no_pdf, "is no PDF"),
        (empty_report, "was it saved"),
        (remove_notebooks, "notebooks: there is none"),
        (remove_binaries, "binaries: there is no such folder"),
        (add_data_set, "may not be handed on"),
        (add_link, "is a link"),
    ],
)
def test_each_fault_is_named_alone(folder, spoil, words):
    spoil(folder)
    problems = turnin.check(folder)
    assert len(problems) == 1 and words in problems[0]


def test_what_is_too_large_is_named(folder, monkeypatch):
    monkeypatch.setattr(folders, "NOTEBOOK_LIMIT", 100)
    monkeypatch.setattr(folders, "TOTAL_LIMIT", 1200)
    shutil.rmtree(folder / "binaries")
    notebook, _, total = turnin.check(folder)
    assert "inference.ipynb" in notebook and "report.pdf" in total


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "", "traceback": []}


@pytest.mark.parametrize(
    "cells, words",
    [
        ([cell(1), cell(3)], "code cell 2 is numbered [3] instead of [2]"),
        ([cell(2), cell(1)], "did not run from top to bottom"),
        ([cell(5), cell(6)], "numbered [5] instead of [1]"),
        ([cell(1), cell(None)], "code cell 2 of 2 did not run"),
        ([cell(None), cell(None)], "code cell 1 and 1 more of 2 did not run"),
        ([cell(1, outputs=[ERROR])], "code cell 1 ends in ValueError"),
        ([], "holds no code"),
    ],
)
def test_a_notebook_that_did_not_run_cleanly_is_told_from_one_that_did(tmp_path, cells, words):
    problems = notebook_problems(write_notebook(tmp_path / "one.ipynb", *cells))
    assert len(problems) == 1 and words in problems[0]


def test_an_exercise_that_was_left_open_does_not_hold_up_the_others(tmp_path):
    left = cell(1, "raise NotImplementedError()", [ERROR])
    path = write_notebook(tmp_path / "n.ipynb", left)
    assert notebook_problems(path) != []
    left["metadata"] = {"tags": ["raises-exception"]}
    assert notebook_problems(write_notebook(path, left)) == []


def test_a_file_that_is_no_notebook_is_a_problem_and_not_a_crash(tmp_path):
    for text in ("", "[]", '{"cells": [3]}', '{"worksheets": []}'):
        path = tmp_path / "one.ipynb"
        path.write_text(text)
        assert "not a notebook" in notebook_problems(path)[0]


def test_the_command_lists_the_problems_and_writes_nothing(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["turn-in", "--check", str(tmp_path / "empty")]) == 1
    said = capsys.readouterr().out
    assert "report: there is none" in said and "3 to mend" in said
    assert main(["turn-in", str(tmp_path / "empty")]) == 1
    assert "notebooks: there is none" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
    assert main(["turn-in", str(tmp_path / "nowhere")]) == 1


def test_a_zip_inside_its_own_folder_is_refused(folder):
    with pytest.raises(TurnInError, match="lies in the folder"):
        turnin.pack(folder, folder / "me.zip")
