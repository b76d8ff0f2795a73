"""What one file tells by itself: there at all, how long, which type and byte order, sane values."""

from math import prod
from pathlib import Path

import numpy as np

from labcode.binaries.faults import Fault
from labcode.binaries.layout import DTYPE, FILES, IMAGES, BinaryFile
from labcode.toycnn import INPUT_SHAPE, LAYERS

_AGAIN = "write the file again"
_LENGTHS = {file.name: file.bytes for file in FILES}
_MAP_OF_LENGTH = {4 * prod(layer.output_shape): layer.index for layer in reversed(LAYERS)}


def inspect(
    folder: Path, file: BinaryFile, name: str | None = None
) -> tuple[np.ndarray | None, list[Fault]]:
    """The values of ``file`` in ``folder``, flat float32, and what is wrong with the file.

    Another type or byte order is a fault, but is read; None where no values can be had. ``name`` is
    where the file lies if not at its place in an export. Which order the axes have cannot be told
    here: that takes the network.
    """
    name = name or file.name
    try:
        data = (folder / name).read_bytes()
    except FileNotFoundError:
        return None, [Fault(name, "is missing", "`labcode export write` writes every file")]
    except OSError as error:
        what = f"cannot be read ({error.strerror or error})"
        return None, [Fault(name, what, "copy the folder again")]
    values, faults = _decode(file, name, data)
    if values is None:
        return None, faults
    bad = int((~np.isfinite(values)).sum())
    if bad:
        what = f"holds {bad:,} of {values.size:,} values that are not finite (NaN or infinite)"
        faults.append(Fault(name, what, "look where they come from, then " + _AGAIN))
        return None, faults
    if file.shape == INPUT_SHAPE:
        faults += _pixel_faults(name, values)
    return values.astype(np.float32), faults


def pixel_scale(values: np.ndarray) -> float:
    """What pixels must be multiplied by to lie in [0, 1] as bytes / 255 do; 1 where they do."""
    if values.max() > 1.5:
        return 1 / 255
    if (values * 256 % 1 == 0).all() and np.unique(values).size > 2:  # 0 and 1 are in both
        return 256 / 255
    return 1.0


def _decode(file: BinaryFile, name: str, data: bytes) -> tuple[np.ndarray | None, list[Fault]]:
    """Bytes to values; another type, length or byte order is named."""
    if data.startswith(b"\x93NUMPY"):
        what = "is a NumPy file (.npy), whose header Lab 2 would take for values"
        return None, [Fault(name, what, "write array.astype('<f4').tofile(path)")]
    kind = _other_type(file, data)
    if kind is not None:
        what = f"holds {kind.name} ({len(data):,} bytes) instead of float32 ({file.bytes:,} bytes)"
        with np.errstate(over="ignore"):  # an infinite value is named by the caller
            values = np.frombuffer(data, kind).astype(np.float32)
        if file.shape == INPUT_SHAPE and kind.kind in "iu":
            mend = "divide the pixels by 255 and write them as float32"
            return values / np.float32(255), [Fault(name, what, mend)]
        return values, [Fault(name, what, "convert it first: array.astype('float32')")]
    if len(data) != file.bytes:
        return None, [_length_fault(file, name, len(data))]
    values = np.frombuffer(data, DTYPE)
    swapped = np.frombuffer(data, DTYPE.newbyteorder(">"))
    if _sane(swapped) >= 0.99 and _sane(values) <= 0.9:
        mend = "write it with the little end first: array.astype('<f4')"
        return swapped, [Fault(name, "is big-endian instead of little-endian", mend)]
    return values, []


def _other_type(file: BinaryFile, data: bytes) -> np.dtype | None:
    """The type other than float32 that ``data`` betrays by its length or its bits; None if none."""
    size, rest = divmod(len(data), prod(file.shape))
    if rest or size not in (1, 4, 8):
        return None
    if size == 1:
        return np.dtype(np.uint8) if file.shape == INPUT_SHAPE else None
    whole = np.frombuffer(data, f"<i{size}")  # small integers are no floats that a network has
    if whole.any() and whole.min() > -(2**16) and whole.max() < 2**16:
        return whole.dtype
    return np.dtype("<f8") if size == 8 else None


def _length_fault(file: BinaryFile, name: str, length: int) -> Fault:
    sizes = f"{length:,} bytes instead of {file.bytes:,}"
    for own, other in (("weights", "biases"), ("biases", "weights")):
        partner = file.name.replace(f"_{own}.", f"_{other}.")
        if partner != file.name and length == _LENGTHS[partner]:
            what = f"holds the {other}, not the {own} ({sizes})"
            return Fault(name, what, f"give weights and biases a file each: {partner} is another")
    if length == IMAGES * file.bytes and "image_" in file.name:
        return Fault(name, f"holds all {IMAGES} images ({sizes})", "write array[i] for image i")
    if "_output" in file.name and length in _MAP_OF_LENGTH:
        what = f"has as many values as the map of layer {_MAP_OF_LENGTH[length]} ({sizes})"
        return Fault(name, what, "count the layers as Lab 2 does: a ReLU has no number of its own")
    if length < file.bytes:
        guess = {2: ", the length of float16", 4: ", the length of 8-bit integers"}
        share = file.bytes / length if length else 0
        return Fault(name, f"is cut short: {sizes}{guess.get(share, '')}", _AGAIN)
    return Fault(name, f"is too long: {sizes}", _AGAIN + ": the values alone, and no header")


def _pixel_faults(name: str, values: np.ndarray) -> list[Fault]:
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        if pixel_scale(values) == 1:
            return []
        what = "has multiples of 1/256: its pixels were divided by 256"
        return [Fault(name, what, "divide the pixels by 255")]
    what = f"has values from {low:.3g} to {high:.3g} instead of 0 to 1"
    bytes_in = low >= 0 and high <= 255
    mend = "divide the pixels by 255" if bytes_in else "write pixels / 255, with no mean or std"
    return [Fault(name, what, mend)]


def _sane(values: np.ndarray) -> float:
    """Share of values, zeros left out, of a size that networks have; low for swapped bytes."""
    with np.errstate(invalid="ignore"):
        size = np.abs(values[values != 0])
        return float(np.mean((size > 1e-12) & (size < 1e6))) if size.size else 1.0
