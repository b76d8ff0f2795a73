"""The files of an export: names, shapes and layouts, each stated once; bytes to arrays and back."""

from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

from labcode.errors import DataError
from labcode.toycnn import INPUT_SHAPE, LAYERS, Layer
from labcode.weights import SHAPES

DTYPE = np.dtype("<f4")

IMAGES = 3
"""How many images Lab 2 reads."""

TOLERANCE = 1e-3
"""Largest absolute difference of a map that Lab 2 accepts."""

METADATA = "metadata.json"
MANIFEST = "manifest.json"


@dataclass(frozen=True)
class BinaryFile:
    """One file of the export: its name below the folder, and the array that it holds.

    ``layout`` names the axes from the slowest to the fastest; ``HWC`` for a flattened map says in
    which order its values were laid out.
    """

    name: str
    shape: tuple[int, ...]
    layout: str

    @property
    def bytes(self) -> int:
        """Length of the file."""
        return DTYPE.itemsize * prod(self.shape)

    def entry(self, data: bytes) -> dict:
        """What a manifest says of the file when it holds ``data``."""
        return {
            "name": self.name,
            "dtype": "float32",
            "shape": list(self.shape),
            "layout": self.layout,
            "byte_order": "little-endian",
            "bytes": len(data),
        }


def image_file(number: int) -> BinaryFile:
    """Image ``number`` of the export: pixels in [0, 1], row by row, red, green, blue."""
    return BinaryFile(f"image_{number}.bin", INPUT_SHAPE, "HWC")


def map_file(number: int, layer: Layer) -> BinaryFile:
    """The output of ``layer`` for image ``number``, its activation applied."""
    layout = "HWC" if layer.kind in ("conv", "pool", "flatten") else "O"
    name = f"image_{number}_data/layer_{layer.index}_output.bin"
    return BinaryFile(name, layer.output_shape, layout)


def weights_file(name: str) -> BinaryFile:
    """The array ``name`` of a canonical set of weights, for instance ``conv1_weights``."""
    layout = {1: "O", 2: "IO", 4: "HWIO"}[len(SHAPES[name])]
    return BinaryFile(f"model/{name}.bin", SHAPES[name], layout)


FILES: tuple[BinaryFile, ...] = (
    *(image_file(number) for number in range(IMAGES)),
    *(map_file(number, layer) for number in range(IMAGES) for layer in LAYERS),
    *(weights_file(name) for name in SHAPES),
)
"""Every array of an export: images, maps, weights and biases."""


def encode(array: np.ndarray) -> bytes:
    """``array`` as the course's bytes: float32, little-endian, C order."""
    return np.ascontiguousarray(array, dtype=DTYPE).tobytes()


def read(path: str | Path, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 array of ``shape`` in ``path``; DataError when the file has another length."""
    data = Path(path).read_bytes()
    expected = DTYPE.itemsize * prod(shape)
    if len(data) != expected:
        hint = " (a quarter of it: was it written as uint8?)" if 4 * len(data) == expected else ""
        raise DataError(
            f"{path} has {len(data)} bytes{hint}, but float32 values of shape {shape} "
            f"take {expected}"
        )
    return np.frombuffer(data, DTYPE).reshape(shape).astype(np.float32)
