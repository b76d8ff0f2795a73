"""A file is whole or absent, whatever happens while it is written."""

import errno
import os

import pytest

from labcode.errors import LabcodeError
from labcode.files import atomic_folder, atomic_write, digest_of_files


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path, monkeypatch):
    path = tmp_path / "weights.bin"
    atomic_write(path, b"old")

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabcodeError, match="disk is full; free some space"):
        atomic_write(path, b"new" * 1000)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["weights.bin"]


def test_a_folder_that_fails_half_way_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError), atomic_folder(tmp_path / "arrays") as folder:
        (folder / "half").write_bytes(b"x")
        raise RuntimeError
    assert os.listdir(tmp_path) == []


def test_of_two_processes_that_make_one_folder_the_first_wins_and_none_fails(tmp_path):
    with atomic_folder(tmp_path / "arrays") as mine:
        (mine / "from").write_text("mine")
        with atomic_folder(tmp_path / "arrays") as theirs:
            (theirs / "from").write_text("theirs")
    assert (tmp_path / "arrays" / "from").read_text() == "theirs"
    assert os.listdir(tmp_path) == ["arrays"]


def test_a_digest_sees_a_changed_name_and_a_changed_byte_but_not_the_order(tmp_path):
    one, two = tmp_path / "a", tmp_path / "b"
    one.write_text("1")
    two.write_text("2")
    digest = digest_of_files([one, two], tmp_path)
    assert digest == digest_of_files([two, one], tmp_path)
    two.write_text("3")
    assert digest != digest_of_files([one, two], tmp_path)
    two.write_text("2")
    assert digest != digest_of_files([one, two.rename(tmp_path / "c")], tmp_path)
