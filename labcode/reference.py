"""The toy CNN in NumPy alone: what both frameworks, and Lab 2, must come to.

A convolution is written as one matrix product for each place of its kernel, which needs no copy of
the image in columns; a pool as the largest of four shifted maps. No framework is imported, so a
mistake that one of them makes does not repeat itself here.
"""

from collections.abc import Mapping

import numpy as np

from labcode.errors import LabcodeError
from labcode.toycnn import LAYERS, Layer

PRECISIONS = ("float64", "float32", "tensorfloat32", "tensorfloat32-truncated")
"""How ``forward`` multiplies and adds.

``float64``: exact products, sums of 53 bits: the yardstick. ``float32``: both in 24 bits.
``tensorfloat32``: the factors rounded to ten fraction bits, as GPUs from 2020 on may do, or cut off
there (``-truncated``); sums in float64, since only the factors are coarse.
"""


def forward(
    weights: Mapping[str, np.ndarray], inputs: np.ndarray, precision: str = "float64"
) -> dict[str, np.ndarray]:
    """Layer name -> its map of ``inputs`` (N, 64, 64, 3) in [0, 1], float32 (N, *output_shape).

    ``weights`` is a canonical set; maps are in canonical form: HWC, ReLU applied, flatten in HWC
    order, the last layer after its softmax. Raises LabcodeError for an unknown precision.
    """
    maps = {}
    current = np.asarray(inputs)
    for layer in LAYERS:
        kernel = biases = None
        if layer.weights:
            kernel = weights[f"{layer.weights}_weights"]
            biases = weights[f"{layer.weights}_biases"]
        current = activate(layer, linear(layer, current, kernel, biases, precision))
        maps[layer.name] = current.astype(np.float32)
        if precision != "float64":
            current = maps[layer.name]
    return maps


def linear(
    layer: Layer,
    inputs: np.ndarray,
    kernel: np.ndarray | None = None,
    biases: np.ndarray | None = None,
    precision: str = "float64",
) -> np.ndarray:
    """What ``layer`` computes of ``inputs`` (N, ...) before its activation: (N, *output_shape)."""
    if layer.kind == "pool":
        quarters = [inputs[:, row::2, column::2] for row in (0, 1) for column in (0, 1)]
        return np.maximum.reduce(quarters)
    if layer.kind == "flatten":
        return inputs.reshape(len(inputs), -1)
    inputs, kernel = _factors(inputs, precision), _factors(kernel, precision)
    if layer.kind == "dense":
        return inputs @ kernel + biases
    height, width, _ = layer.output_shape
    sums = np.zeros((len(inputs), *layer.output_shape), inputs.dtype)
    for row in range(kernel.shape[0]):
        for column in range(kernel.shape[1]):
            under = inputs[:, row : row + height, column : column + width]
            sums += under @ kernel[row, column]
    return sums + biases


def activate(layer: Layer, values: np.ndarray) -> np.ndarray:
    """``values`` (..., outputs) after the activation of ``layer``: ReLU, softmax or none."""
    if layer.activation == "relu":
        return np.maximum(values, 0)
    return softmax(values) if layer.activation == "softmax" else values


def softmax(values: np.ndarray) -> np.ndarray:
    """Confidences over the last axis; the largest value is taken off first, lest exp overflow."""
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def to_tensorfloat32(values: np.ndarray, truncate: bool = False) -> np.ndarray:
    """``values`` float32 with ten of their 23 fraction bits left, rounded to nearest or cut off."""
    bits = np.ascontiguousarray(values, np.float32).view(np.uint32)
    if not truncate:
        bits = bits + np.uint32(1 << 12)  # half of the last bit that stays
    return (bits & np.uint32(0xFFFFE000)).view(np.float32)


def _factors(values: np.ndarray, precision: str) -> np.ndarray:
    """``values`` as the multipliers of ``precision`` take them, in the type that sums are kept."""
    if precision not in PRECISIONS:
        raise LabcodeError(f"unknown precision {precision!r}; choose from {list(PRECISIONS)}")
    if precision == "float32":
        return np.asarray(values, np.float32)
    if precision != "float64":
        values = to_tensorfloat32(values, truncate=precision.endswith("truncated"))
    return np.asarray(values, np.float64)
