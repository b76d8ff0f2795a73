"""Small books, built once."""

import shutil
from pathlib import Path

import pytest

from tests.book import desk_book, small_book


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Path:
    """The folder of a small book that was built; tests read it and leave it as it is."""
    folder = small_book.make(tmp_path_factory.mktemp("built"))
    done = small_book.build(folder)
    assert done.returncode == 0, done.stdout
    (folder / "output.txt").write_text(done.stdout)
    return folder


@pytest.fixture(scope="session")
def desk(tmp_path_factory) -> Path:
    """A book with exercises and a repository, built in both editions; to read only."""
    folder = desk_book.make(tmp_path_factory.mktemp("desk"), desk_book.ADDRESS)
    for edition in ("student", "instructor"):
        done = small_book.build(folder, "--edition", edition)
        assert done.returncode == 0, done.stdout
    return folder


@pytest.fixture
def copy(built, tmp_path) -> Path:
    """A copy of the built book with its cache, to change and build again."""
    folder = tmp_path / "copy"
    shutil.copytree(built, folder)
    return folder


@pytest.fixture
def desk_copy(desk, tmp_path) -> Path:
    """A copy of the book with exercises in both editions, to change and build again."""
    folder = tmp_path / "copy"
    shutil.copytree(desk, folder)
    return folder
