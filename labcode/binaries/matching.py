"""One layer of one image: which readings of input, kernel and output fit together, and how well.

Trying them on some of the layer's outputs is quick, and enough to tell one order of axes from
another: a wrong one is off by as much as the values themselves.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from labcode.binaries.faults import Fault
from labcode.binaries.layout import TOLERANCE
from labcode.binaries.readings import Reading
from labcode.reference import PRECISIONS, activate, linear, softmax, to_tensorfloat32
from labcode.toycnn import Layer

FITS = 0.02
"""Relative error (rms) of a reading that fits; TensorFloat-32 makes about 0.0005."""

_EXACT = 1e-5
_SAMPLE = 32


@dataclass(frozen=True)
class Match:
    """The readings that fit best; ``error`` is relative (rms), ``finish`` the activation's way."""

    error: float
    input: Reading
    kernel: Reading
    output: Reading
    finish: str


def best_match(
    layer: Layer,
    inputs: Sequence[Reading],
    kernels: Sequence[Reading],
    biases: np.ndarray | None,
    outputs: Sequence[Reading],
) -> Match:
    """The readings that fit best; of those that fit about as well, the ones with fewest faults.

    Where nothing fits, other places are tried: one damaged value may lie at one of the first.
    """
    match = _best_at(_places(layer, 0), layer, inputs, kernels, biases, outputs)
    if match.error < FITS or len(layer.output_shape) == 1:
        return match
    other = _best_at(_places(layer, 1), layer, inputs, kernels, biases, outputs)
    return min(match, other, key=lambda one: one.error)


def _best_at(places, layer, inputs, kernels, biases, outputs) -> Match:
    best = None
    stored = [_at(output.values, places) for output in outputs]
    # The first kernel is the likely one; if it fits, none of the others need be computed.
    stacks = [_Stack(layer, some) for some in (kernels[:1], kernels[1:]) if some]
    for given in inputs:
        patches = _patches(layer, given.values, places)
        for stack in stacks:
            for kernel, sums in zip(stack.kernels, stack.sums(patches, biases), strict=True):
                for finish, apply in _finishes(layer).items():
                    computed = apply(sums)
                    size = _rms(computed) + 1e-30
                    for output, values in zip(outputs, stored, strict=True):
                        error = _rms(values - computed) / size
                        # Half as much, or rounding would decide: with rows and columns of image,
                        # kernel and map all turned round, a layer computes the same.
                        if best is None or error < best.error / 2:
                            best = Match(error, given, kernel, output, finish)
                        if error < _EXACT:
                            return best
    return best


def compute(
    layer: Layer,
    given: Reading,
    kernel: Reading,
    biases: np.ndarray | None,
    precision: str = "float64",
    finish: str = "",
) -> np.ndarray:
    """The whole map of one image, float32; ``finish`` is the way in which its activation ends."""
    sums = linear(layer, given.values[None], kernel.values, biases, precision)
    return _finishes(layer)[finish](sums)[0].astype(np.float32)


def finish_fault(layer: Layer, match: Match, file: str) -> Fault | None:
    """The fault that the activation's way implies, None where it is the right one."""
    mends = {
        _NO_RELU: "take the output of the ReLU, not of the layer before it",
        _LOGITS: "append the softmax, softmax(logits), before writing",
        _TWICE: "apply the softmax once: the model's outputs have it already",
        _LOG: "write the softmax, not its logarithm",
    }
    return Fault(file, match.finish, mends[match.finish]) if match.finish else None


def value_fault(layer: Layer, match: Match, biases: np.ndarray | None, file: str) -> Fault | None:
    """Values that are a little off though everything else fits: TensorFloat-32, or damage."""

    def computed(precision: str) -> np.ndarray:
        return compute(layer, match.input, match.kernel, biases, precision, match.finish)

    stored, exact = match.output.values, computed("float64")
    off = np.abs(stored - exact)
    rounded = half_precision(stored)
    if layer.weights and not rounded and _rms(off) > 2e-6 * _rms(exact):
        for precision in PRECISIONS[2:]:
            if _rms(stored - computed(precision)) < 0.3 * _rms(off):
                what = "was computed in TensorFloat-32, ten fraction bits instead of 23"
                mend = (
                    "compute in true float32: torch.backends.cudnn.allow_tf32 = False, or "
                    "tf.config.experimental.enable_tensor_float_32_execution(False)"
                )
                return Fault(file, what, mend)
    if off.max() <= TOLERANCE:
        return None
    what = f"is off by up to {off.max():.2g} in {np.sum(off > TOLERANCE):,} of {off.size:,} values"
    kernel = match.kernel.values
    if rounded or (kernel is not None and half_precision(kernel)):
        whose = "its" if rounded else "its layer's weights'"
        what += f"; {whose} values have 16-bit precision only"
        return Fault(file, what, "export weights and maps as they are in float32")
    return Fault(file, what, "write the file again, from a forward pass in true float32")


_NO_RELU = "was taken before its ReLU"
_LOGITS = "holds logits: the softmax is missing"
_TWICE = "went through softmax twice"
_LOG = "holds logarithms of the softmax"


def _finishes(layer: Layer) -> dict[str, Callable[[np.ndarray], np.ndarray]]:
    """The ways in which a layer's sums may have become its map; the right one, "", first."""
    ways = {"": lambda sums: activate(layer, sums)}
    if layer.activation == "relu":
        ways[_NO_RELU] = lambda sums: sums
    elif layer.activation == "softmax":
        ways[_LOGITS] = lambda sums: sums
        ways[_TWICE] = lambda sums: softmax(softmax(sums))
        ways[_LOG] = lambda sums: np.log(np.maximum(softmax(sums), 1e-38))
    return ways


def _places(layer: Layer, attempt: int) -> tuple[np.ndarray, np.ndarray] | None:
    """Rows and columns of some of the outputs of ``layer``; None where all are few enough."""
    if len(layer.output_shape) == 1:
        return None
    height, width, _ = layer.output_shape
    rng = np.random.default_rng([layer.index, attempt])
    return rng.integers(0, height, _SAMPLE), rng.integers(0, width, _SAMPLE)


def _patches(layer: Layer, values: np.ndarray, places) -> np.ndarray:
    """What each output at ``places`` is computed from, (places, rows, columns, channels)."""
    if places is None:
        return values.reshape(1, -1).astype(np.float64)
    size, step = (layer.kernel_shape[0], 1) if layer.weights else (2, 2)
    rows, columns = (axis[:, None] * step + np.arange(size) for axis in places)
    return values[rows[:, :, None], columns[:, None, :]].astype(np.float64)


class _Stack:
    """Several readings of a kernel side by side: one matrix product serves them all."""

    def __init__(self, layer: Layer, kernels: Sequence[Reading]) -> None:
        self.layer, self.kernels = layer, kernels

    @cached_property
    def matrix(self) -> np.ndarray:
        """The kernels (products, kernels x outputs), float64; made when first needed."""
        outputs = self.layer.kernel_shape[-1]
        flat = [one.values.reshape(-1, outputs).astype(np.float64) for one in self.kernels]
        return np.concatenate(flat, axis=1)

    def sums(self, patches: np.ndarray, biases: np.ndarray | None) -> Iterator[np.ndarray]:
        """For each kernel the sums of all places, (places, outputs)."""
        if self.layer.kind == "pool":
            return iter([patches.max(axis=(1, 2))])
        if self.layer.kind == "flatten":
            return iter([patches])
        products = patches.reshape(len(patches), -1) @ self.matrix
        return (part + biases for part in np.split(products, len(self.kernels), axis=1))


def half_precision(values: np.ndarray) -> bool:
    """Whether the values, unless they are few, have float16's ten fraction bits or bfloat16's."""
    short = np.array_equal(to_tensorfloat32(values, truncate=True), values)
    return short and np.unique(values).size > 8


def _at(values: np.ndarray, places) -> np.ndarray:
    return values[None] if places is None else values[places]


def _rms(values: np.ndarray) -> float:
    flat = values.reshape(-1).astype(np.float64)
    return float(np.sqrt(flat @ flat / flat.size))
