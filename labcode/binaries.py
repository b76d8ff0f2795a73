"""The byte layout that Lab 2's C++ framework reads: little-endian float32, C order, no header.

An image is ``image_{i}.bin``: 64 x 64 x 3 values in [0, 1], row by row, pixel by pixel, red, green,
blue (HWC). ``metadata.json`` beside it says what each file holds and where its image comes from.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labcode.data import Split
from labcode.errors import DataError
from labcode.files import atomic_write
from labcode.toycnn import INPUT_SHAPE

DTYPE = np.dtype("<f4")


def encode(array: np.ndarray) -> bytes:
    """``array`` as the course's bytes: float32, little-endian, C order."""
    return np.ascontiguousarray(array, dtype=DTYPE).tobytes()


def read(path: str | Path, shape: tuple[int, ...]) -> np.ndarray:
    """The float32 array of ``shape`` in ``path``; DataError when the file has another length."""
    data = Path(path).read_bytes()
    expected = DTYPE.itemsize * int(np.prod(shape))
    if len(data) != expected:
        hint = " (a quarter of it: was it written as uint8?)" if 4 * len(data) == expected else ""
        raise DataError(
            f"{path} has {len(data)} bytes{hint}, but float32 values of shape {shape} "
            f"take {expected}"
        )
    return np.frombuffer(data, DTYPE).reshape(shape).astype(np.float32)


def export_images(folder: str | Path, split: Split, indices: Sequence[int]) -> list[dict]:
    """Write images ``indices`` of ``split`` for Lab 2, with ``metadata.json``; return its entries.

    Image number ``i`` of the export is ``image_{i}.bin``, uint8 / 255. Each entry holds the file's
    name, dtype, shape, layout, byte order, sha256 and what ``split.metadata`` tells of the source.
    """
    folder = Path(folder)
    entries = []
    for number, index in enumerate(indices):
        pixels = split.images[index]
        if pixels.shape != INPUT_SHAPE:
            raise DataError(f"image {index} has shape {pixels.shape} instead of {INPUT_SHAPE}")
        data = encode(pixels.astype(np.float32) / np.float32(255))
        name = f"image_{number}.bin"
        atomic_write(folder / name, data)
        entries.append(
            {
                "name": name,
                "dtype": "float32",
                "shape": list(INPUT_SHAPE),
                "layout": "HWC",
                "byte_order": "little-endian",
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
                "split": split.name,
                "index": int(index),
                "source": split.metadata(index),
            }
        )
    atomic_write(folder / "metadata.json", json.dumps(entries, indent=2) + "\n")
    return entries
