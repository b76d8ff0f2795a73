"""Post-training quantisation in NumPy: real numbers to small integers with a scale, and back.

A value x is kept as the integer q = round(x / scale), which lies within ``bits`` bits, and stands
for q * scale. Weights have both signs: their grid is symmetric, so that zero is exact and needs no
offset. Maps behind a ReLU have one sign: their grid is unsigned and starts at zero. Accuracy at
8, 4 and 2 bits needs the network, which the frameworks' rooms build: ``build_quantised``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

import numpy as np

from labcode.errors import QuantisationError
from labcode.toycnn import LAYERS, PARAMETERS, WEIGHTED
from labcode.weights import Weights

INPUT = "input"
"""The name of the image's own grid among those of the maps."""

ROUNDED = (INPUT, *(layer.name for layer in LAYERS if layer.activation == "relu"))
"""Where a quantised network rounds. A pool and flatten only pass values on, so what they give lies
on the grid already; the last layer's logits are sums that nothing multiplies any more."""


@dataclass(frozen=True)
class Grid:
    """The numbers q * scale for all integers q from ``lowest`` to ``highest``.

    ``scale`` is float32, of shape () for a whole array or (channels,) for one scale for each
    channel of the last axis.
    """

    bits: int
    signed: bool
    scale: np.ndarray

    @property
    def lowest(self) -> int:
        """-127 for eight bits, not -128: what is left out would have no counterpart."""
        return -self.highest if self.signed else 0

    @property
    def highest(self) -> int:
        """127 for eight bits with a sign, 255 without."""
        return 2 ** (self.bits - self.signed) - 1

    @property
    def levels(self) -> int:
        """How many numbers there are: 255, 15 and 3 with a sign, 256, 16 and 4 without."""
        return self.highest - self.lowest + 1

    @property
    def inverse(self) -> np.ndarray:
        """1 / scale in float32. Multiplying is what chips and compiled graphs do, and a quotient
        could round to the other side of a tie."""
        return np.float32(1) / self.scale


def grid_for(
    values: np.ndarray,
    bits: int,
    *,
    signed: bool = True,
    per_channel: bool = False,
    percentile: float = 100.0,
) -> Grid:
    """The grid whose ends meet the largest of |values|, or their ``percentile`` (what lies beyond
    saturates); with ``per_channel`` one for each channel of the last axis.

    Raises QuantisationError for values that are not finite, for negative ones without ``signed``,
    and for bits that are not 2 to 8.
    """
    values = _checked(values)
    if not signed and values.min() < 0:
        raise QuantisationError(
            f"an unsigned grid has no negative numbers, and the values go down to {values.min()}; "
            "was the ReLU left out?"
        )
    axes = tuple(range(values.ndim - 1)) if per_channel else None
    if percentile == 100:
        reach = np.abs(values).max(axis=axes)
    else:
        reach = np.percentile(np.abs(values), percentile, axis=axes)
    return _grid(reach, bits, signed)


def quantise(values: np.ndarray, grid: Grid) -> np.ndarray:
    """Each value's integer on ``grid``, int8 or uint8; what lies beyond its ends gets the end.

    Halves round to the even neighbour, as in IEEE 754 and in both frameworks.
    """
    integers = np.rint(_checked(values) * grid.inverse)
    return np.clip(integers, grid.lowest, grid.highest).astype(np.int8 if grid.signed else np.uint8)


def dequantise(integers: np.ndarray, grid: Grid) -> np.ndarray:
    """The numbers that ``integers`` stand for, float32."""
    return integers.astype(np.float32) * grid.scale


def weight_grids(weights: Weights, bits: int, per_channel: bool = True) -> dict[str, Grid]:
    """Kernel name -> its grid: one for each output channel, or one for the whole kernel."""
    return {
        name: grid_for(weights[name], bits, per_channel=per_channel)
        for name in (f"{layer.weights}_weights" for layer in WEIGHTED)
    }


def round_weights(weights: Weights, bits: int, per_channel: bool = True) -> Weights:
    """``weights`` with each kernel moved onto its grid; the biases stay as they are.

    A chip adds a bias to a sum of products, with the sum's many bits: 840 numbers in 770,216.
    """
    rounded = dict(weights)
    for name, grid in weight_grids(weights, bits, per_channel).items():
        rounded[name] = dequantise(quantise(weights[name], grid), grid)
    return rounded


def map_ranges(maps: Mapping[str, np.ndarray], percentile: float = 100.0) -> dict[str, float]:
    """How far each rounded map reaches: calibration. ``maps`` is what ``lab.activations`` gives.

    The largest value over all images, or their ``percentile``. The image's own range is known: 1.
    """
    ranges = {INPUT: 1.0}
    for name in ROUNDED[1:]:
        values = _checked(maps[name])
        ranges[name] = float(
            values.max() if percentile == 100 else np.percentile(values, percentile)
        )
    return ranges


def map_grids(ranges: Mapping[str, float], bits: int) -> dict[str, Grid]:
    """Map name -> its unsigned grid from 0 to its range."""
    return {name: _grid(np.float32(reach), bits, signed=False) for name, reach in ranges.items()}


def accumulator_bits(fan_in: int, weight_bits: int, map_bits: int) -> int:
    """Bits, sign included, that hold any sum of ``fan_in`` products of a weight and a map value.

    About ``weight_bits + map_bits + log2(fan_in)``: each doubling of the terms costs one bit.
    """
    largest = fan_in * (2 ** (weight_bits - 1) - 1) * (2**map_bits - 1)
    return largest.bit_length() + 1


def model_bytes(bits: int, per_channel: bool = True) -> int:
    """Bytes of the network with kernels of ``bits`` bits, packed; biases and scales in float32.

    32 bits mean the network as it was, without scales.
    """
    kernels = sum(prod(layer.kernel_shape) for layer in WEIGHTED)
    biases = PARAMETERS - kernels
    if bits == 32:
        return 4 * PARAMETERS
    scales = biases if per_channel else len(WEIGHTED)  # A bias, like a scale, is a channel's.
    return -(-kernels * bits // 8) + 4 * (biases + scales)


def _grid(reach: np.ndarray, bits: int, signed: bool) -> Grid:
    if not (isinstance(bits, int) and 2 <= bits <= 8):
        raise QuantisationError(f"a grid has 2 to 8 bits, not {bits!r}; leave float32 as it is")
    reach = np.asarray(reach, np.float32)
    highest = Grid(bits, signed, reach).highest
    # A channel of zeros is exact on any grid.
    return Grid(
        bits, signed, np.where(reach > 0, reach, 1).astype(np.float32) / np.float32(highest)
    )


def _checked(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, np.float32)
    bad = int(values.size - np.isfinite(values).sum())
    if bad or not values.size:
        fault = f"{bad} of {values.size} values are not finite" if bad else "there are no values"
        raise QuantisationError(f"{fault}, so there is no grid for them; look where they come from")
    return values
