"""A clean export of each framework, made once; and a copy of one, to be damaged."""

import shutil

import pytest

from labcode.frameworks import FRAMEWORKS
from tests.small_export import make_export


@pytest.fixture(scope="session")
def exports(tmp_path_factory):
    """Framework's key -> the folder of its export."""
    folder = tmp_path_factory.mktemp("exports")
    return {key: make_export(folder / key, key) for key in FRAMEWORKS}


@pytest.fixture
def export(exports, tmp_path):
    """A copy of the PyTorch room's export, to do with as one likes."""
    return shutil.copytree(exports["pytorch"], tmp_path / "lab2")
