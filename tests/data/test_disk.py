"""A full disk and a read-only folder: a clear error, and nothing left behind."""

import errno
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from labcode.data import arrays, open_dataset
from labcode.data.install import add
from labcode.errors import DataError, LabcodeError


@pytest.fixture
def disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A real file system of 600 kB where the test may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = (
        os.geteuid() == 0
        and not subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=600k", "labcode-test", place],
            stderr=subprocess.DEVNULL,
        ).returncode
    )
    if not mounted:
        pytest.skip("needs leave to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def test_a_full_disk_while_arrays_are_written_leaves_nothing(
    installed: Path, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCODE_ARRAYS", str(disk))
    with pytest.raises(LabcodeError, match="the disk is full; free some space"):
        open_dataset()
    assert [p for p in disk.iterdir() if p.is_dir()] == []
    monkeypatch.delenv("LABCODE_ARRAYS")
    assert len(open_dataset().train) == 48


def test_a_write_that_fails_for_want_of_space_leaves_nothing(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(arrays.os, "fsync", full)
        with pytest.raises(LabcodeError, match="the disk is full"):
            open_dataset()
    assert [p.name for p in installed.parent.iterdir() if p.is_dir()] == ["tiny-imagenet"]
    assert len(open_dataset().train) == 48


def test_a_full_disk_while_importing_leaves_nothing(
    disk: Path, tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABCODE_DATA", str(disk))
    (disk / "ballast").write_bytes(bytes(500_000))
    with pytest.raises(LabcodeError, match="the disk is full"):
        add("tiny-imagenet", tree)
    assert [p for p in disk.iterdir() if p.is_dir()] == []


@pytest.fixture
def read_only(installed: Path) -> Iterator[Path]:
    """The installed data in a folder that cannot be written, also not by root."""
    home = installed.parent
    if os.geteuid() == 0:
        if subprocess.run(["mount", "--bind", home, home], stderr=subprocess.DEVNULL).returncode:
            pytest.skip("root may write everywhere, and may not mount here")
        subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
    else:
        home.chmod(0o555)
    yield home
    if os.geteuid() == 0:
        subprocess.run(["umount", "-l", home], check=True)
    else:
        home.chmod(0o755)


def test_a_read_only_data_folder_says_so_and_names_the_way_out(
    read_only: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match="cannot write in .*LABCODE_ARRAYS"):
        open_dataset()
    with pytest.raises(DataError, match="cannot write in .*LABCODE_DATA"):
        open_dataset("sample")
    monkeypatch.setenv("LABCODE_ARRAYS", str(tmp_path / "arrays"))
    assert len(open_dataset().train) == 48
    assert sorted(p.name for p in read_only.iterdir()) == ["tiny-imagenet"]


def test_arrays_made_before_are_read_from_a_read_only_folder(
    installed: Path, request: pytest.FixtureRequest
) -> None:
    digest = open_dataset().digest
    request.getfixturevalue("read_only")
    assert open_dataset().digest == digest


def test_a_killed_decoding_is_cleared_by_the_next_open(installed: Path) -> None:
    leftover = installed.parent / ".tiny-imagenet.arrays.abc123"
    leftover.mkdir()
    (leftover / "train_images.npy").write_bytes(b"half")
    open_dataset()
    assert not leftover.exists()
    shutil.rmtree(installed.parent / "tiny-imagenet.arrays")
