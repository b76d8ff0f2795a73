"""A small generated tree in the layout of Tiny ImageNet, and a data folder of the test's own."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labcode.data.sample import generate

CLASSES, TRAIN, VAL = 6, 8, 4


@pytest.fixture(scope="session")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """6 classes with 8 train and 4 val images; not to be changed (copy it)."""
    folder = tmp_path_factory.mktemp("tree") / "tiny-imagenet-200"
    folder.mkdir()
    generate(folder, CLASSES, TRAIN, VAL)
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder, set as LABCODE_DATA."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("LABCODE_DATA", str(folder))
    monkeypatch.delenv("LABCODE_ARRAYS", raising=False)
    monkeypatch.delenv("LABCODE_DATASET", raising=False)
    return folder


@pytest.fixture
def installed(home: Path, tree: Path) -> Path:
    """A copy of the tree, installed as tiny-imagenet and not opened yet."""
    return Path(shutil.copytree(tree, home / "tiny-imagenet"))


@pytest.fixture
def pack(tree: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Pack the tree into an archive whose kind follows from its name."""

    def make(name: str) -> Path:
        path = tmp_path / name
        if name.endswith(".zip"):
            with zipfile.ZipFile(path, "w") as archive:
                for file in sorted(tree.rglob("*")):
                    archive.write(file, f"{tree.name}/{file.relative_to(tree)}")
        else:
            with tarfile.open(path, "w:" + name.partition(".tar")[2].lstrip(".")) as archive:
                archive.add(tree, tree.name)
        return path

    return make
