"""An export to test with: the shipped checkpoint on three images made here, by either framework."""

import importlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from labcode.binaries import export_lab
from labcode.weights import shipped_weights

INDICES = [4, 0, 2]


@dataclass
class FakeSplit:
    """Images without files behind them."""

    images: np.ndarray
    name: str = "val"

    def metadata(self, index):
        return {"file": f"val_{index}.JPEG", "label": index}


def make_split() -> FakeSplit:
    """Five images of blobs of colour, smooth as photographs are, different along every axis."""
    rng = np.random.default_rng(7)
    coarse = rng.random((5, 8, 8, 3))
    rows = np.linspace(0, 7, 64)
    low = np.minimum(rows.astype(int), 6)
    part = rows - low
    tall = coarse[:, low] * (1 - part)[:, None, None] + coarse[:, low + 1] * part[:, None, None]
    wide = tall[:, :, low] * (1 - part)[:, None] + tall[:, :, low + 1] * part[:, None]
    noise = rng.normal(0, 0.04, wide.shape)
    return FakeSplit((np.clip(wide + noise, 0, 1) * 255).astype(np.uint8))


def make_export(folder: Path, framework: str) -> Path:
    """Write the export of ``framework`` (its key) to ``folder``."""
    room = importlib.import_module(f"labcode.{framework}")
    split, weights = make_split(), shipped_weights("tiny-imagenet")
    maps = room.activations(room.build_model(weights), split.images[INDICES])
    export_lab(folder, weights, split, INDICES, maps, {"framework": framework})
    return folder
