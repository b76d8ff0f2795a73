"""How fast a layer could be: its arithmetic and its bytes against a machine's two peaks.

A layer cannot be faster than its operations at the machine's arithmetic peak, nor than its bytes at
the machine's bandwidth; the larger of the two times is its bound. The line of these bounds over the
arithmetic intensity is the roofline (Williams, Waterman and Patterson, 2009). No framework.
"""

from dataclasses import dataclass
from math import prod

from labcode.toycnn import Layer


@dataclass(frozen=True)
class Peak:
    """What a device reached when asked for nothing else: float32 MACs and bytes per second."""

    macs_per_second: float
    bytes_per_second: float

    @property
    def ridge(self) -> float:
        """The intensity at which both limits meet, in operations per byte."""
        return self.macs_per_second / self.bytes_per_second

    def attainable(self, intensity: float) -> float:
        """The roof above ``intensity``: operations per second, at most."""
        return min(self.macs_per_second, intensity * self.bytes_per_second)


def operations(layer: Layer) -> int:
    """MACs of ``layer`` for one image; for a pool its comparisons, three for the largest of four.

    Zero for flatten, which computes nothing.
    """
    return 3 * prod(layer.output_shape) if layer.kind == "pool" else layer.macs


def traffic(layer: Layer, batch: int) -> int:
    """Bytes that ``layer`` must move for ``batch`` images in float32, each of them once.

    Input and output of each image, and the parameters once for the whole batch. A lower limit: a
    cache too small, or a separate ReLU that reads its map again, moves more.
    """
    per_image = 4 * prod(layer.input_shape) + layer.output_bytes
    return batch * per_image + layer.parameter_bytes


def intensity(layer: Layer, batch: int) -> float:
    """Operations per byte moved; a batch raises it, for the parameters are read once for all."""
    return batch * operations(layer) / traffic(layer, batch)


def bound_seconds(layer: Layer, batch: int, peak: Peak) -> float:
    """The time that ``layer`` needs at least for ``batch`` images, by the slower of both limits."""
    arithmetic = batch * operations(layer) / peak.macs_per_second
    return max(arithmetic, traffic(layer, batch) / peak.bytes_per_second)
