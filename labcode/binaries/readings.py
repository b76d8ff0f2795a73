"""In which ways the values of a file can be meant, and which fault each way but the first implies.

A file without a header does not say in which order its axes lie. So every order is tried: with the
right ones, a layer's input, weights and output fit together.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import permutations
from math import prod

import numpy as np

from labcode.binaries.faults import Fault
from labcode.binaries.inspect import pixel_scale
from labcode.binaries.layout import BinaryFile
from labcode.toycnn import INPUT_SHAPE, LAYERS, Layer


@dataclass(frozen=True)
class Reading:
    """``values`` in canonical form, as read in one way; ``faults`` is what that way implies."""

    values: np.ndarray
    faults: tuple[Fault, ...] = ()


def image_readings(file: BinaryFile, values: np.ndarray) -> Iterator[Reading]:
    """The image in every order of its axes, in RGB and in BGR, as it is and brought to [0, 1]."""
    scale = np.float32(pixel_scale(values))
    for reading in _orders(file, values, INPUT_SHAPE, "HWC", _STORED, _WRITE):
        yield reading
        mend = "turn the colours round: image[..., ::-1]"
        fault = Fault(file.name, "has its colours as blue, green, red instead of RGB", mend)
        yield Reading(reading.values[..., ::-1], (*reading.faults, fault))
        if scale != 1:  # a fault already; the maps may be right
            yield Reading(reading.values * scale, reading.faults)


def map_readings(file: BinaryFile, values: np.ndarray, layer: Layer) -> Iterator[Reading]:
    """The map of ``layer`` in every order of its axes."""
    if layer.kind == "dense":
        yield Reading(values)
    elif layer.kind == "flatten":
        what, mend = "is flattened in {} order instead of {}", "map.transpose{} before flattening"
        for reading in _orders(file, values, layer.input_shape, "HWC", what, mend):
            yield Reading(reading.values.reshape(-1), reading.faults)
    else:
        yield from _orders(file, values, layer.output_shape, "HWC", _STORED, _WRITE)


def kernel_readings(file: BinaryFile, values: np.ndarray, layer: Layer) -> Iterator[Reading]:
    """The kernel of ``layer`` in every order of its axes, transposed, or with its rows mixed up.

    The rows of the dense kernel behind ``flatten`` lie in one of the orders of a map's axes.
    """
    if layer.kind == "conv":
        yield from _orders(file, values, layer.kernel_shape, "HWIO", _STORED, _WRITE)
        return
    inputs, outputs = layer.kernel_shape
    what = "is transposed: [out, in] instead of [in, out]"
    turned = Fault(file.name, what, "write array.T")
    for matrix, faults in (
        (values.reshape(inputs, outputs), ()),
        (values.reshape(outputs, inputs).T, (turned,)),
    ):
        if inputs != prod(_FLAT):
            yield Reading(matrix, faults)
            continue
        for rows in _row_orders(file, matrix):
            yield Reading(rows.values, (*faults, *rows.faults))


_STORED = "is stored as {} instead of {}"
_WRITE = "write array.transpose{} (in PyTorch: permute)"
_FLAT = next(layer.input_shape for layer in LAYERS if layer.kind == "flatten")


def _orders(
    file: BinaryFile, values: np.ndarray, shape: tuple[int, ...], axes: str, what: str, mend: str
) -> Iterator[Reading]:
    """``values`` as an array of ``shape`` whose axes lie in every order; the right one first.

    ``what`` is filled with the order found and the right one, ``mend`` with the transposition.
    """
    for order in permutations(range(len(shape))):
        label = "".join(axes[axis] for axis in order)
        back = tuple(label.index(axis) for axis in axes)
        fault = Fault(file.name, what.format(label, axes), mend.format(back))
        stored = values.reshape([shape[axis] for axis in order])
        yield Reading(stored.transpose(back), () if label == axes else (fault,))


def _row_orders(file: BinaryFile, matrix: np.ndarray) -> Iterator[Reading]:
    """``matrix`` [in, out] with its rows in every order in which the map before can be flattened.

    It is the order of the rows' numbers that is permuted; the rows themselves are taken by it.
    """
    what = f"has its {len(matrix)} rows in {{}} order instead of {{}}"
    mend = "bring the rows into Lab 2's order: as a map's axes, .transpose{}, then flat again"
    numbers = np.arange(len(matrix))
    for reading in _orders(file, numbers, _FLAT, "HWC", what, mend):
        yield Reading(matrix[reading.values.reshape(-1)], reading.faults)
