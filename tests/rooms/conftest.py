"""The two rooms as a parameter, and a small data set on which every question is quick."""

import hashlib
import importlib
from pathlib import Path

import numpy as np
import pytest

from labcode.data import Dataset, Split
from labcode.frameworks import FRAMEWORKS


@pytest.fixture(scope="session", params=list(FRAMEWORKS))
def room(request):
    """``labcode.pytorch``, then ``labcode.tensorflow``."""
    return importlib.import_module(f"labcode.{request.param}")


@pytest.fixture(scope="session")
def rooms():
    """Both rooms by their key."""
    return {key: importlib.import_module(f"labcode.{key}") for key in FRAMEWORKS}


def images_of(labels: np.ndarray, seed: int) -> np.ndarray:
    """Noise on a colour for each class, so that there is something to learn."""
    rng = np.random.default_rng(seed)
    colours = np.random.default_rng(0).integers(40, 216, (200, 1, 1, 3))
    noise = rng.integers(-40, 40, (len(labels), 64, 64, 3))
    return (colours[labels] + noise).astype(np.uint8)


def make_split(name: str, count: int, seed: int, shift: int = 0) -> Split:
    """``count`` images of ten classes; their labels are off by ``shift``."""
    labels = np.random.default_rng(seed).integers(0, 10, count)
    return Split(name, images_of(labels, seed), labels + shift, Path(), list, [])


@pytest.fixture(scope="session")
def split_of():
    """The function that makes a split, for tests that need one of their own."""
    return make_split


def make_dataset(train: Split, val: Split) -> Dataset:
    """A data set in memory."""
    digest = hashlib.sha256(train.images.tobytes() + val.images.tobytes()).hexdigest()
    return Dataset(
        name="colours",
        title="Colours",
        digest=digest,
        wnids=(),
        class_names=(),
        train=train,
        val=val,
        folder=Path(),
        generated=True,
        partial=False,
        expected={},
        grey={},
        duplicates=(),
    )


@pytest.fixture(scope="session")
def colours() -> Dataset:
    """64 images to train on and 19 to validate on."""
    return make_dataset(make_split("train", 64, 1), make_split("val", 19, 2))


@pytest.fixture(scope="session")
def ten_steps() -> Dataset:
    """320 images, ten batches of 32, and 19 to validate on."""
    return make_dataset(make_split("train", 320, 4), make_split("val", 19, 2))


@pytest.fixture(scope="session")
def misleading() -> Dataset:
    """As above, but each validation label is wrong: the better trained, the higher its loss."""
    return make_dataset(make_split("train", 64, 1), make_split("val", 19, 2, shift=50))
