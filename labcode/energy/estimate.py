"""What the toy CNN's arithmetic and memory traffic cost at 45 nm: an estimate, no measurement.

Energies of single operations: M. Horowitz, "Computing's energy problem (and what we can do about
it)", ISSCC 2014: addition and multiplication in float32 0.9 and 3.7 pJ, multiplication of int8
0.2 pJ and addition of int32 0.1 pJ; DRAM 1.3 to 2.6 nJ for 64 bits, of which the lower end is
taken here, as usual rounded to 640 pJ for 32 bits.
"""

from dataclasses import dataclass
from math import prod

from labcode.toycnn import LAYERS

DRAM_BYTE = 640e-12 / 4
"""Joules to move a byte from or to memory chips."""


@dataclass(frozen=True)
class Number:
    """A number format: joules of a multiply-accumulate in it, and bytes of a value."""

    name: str
    mac: float
    size: int


FLOAT32 = Number("float32", mac=(3.7 + 0.9) * 1e-12, size=4)
INT8 = Number("int8", mac=(0.2 + 0.1) * 1e-12, size=1)
"""Products of bytes, added up in 32 bits."""


@dataclass(frozen=True)
class LayerEnergy:
    """Joules that a layer takes for one image: its arithmetic, its parameters, its maps."""

    name: str
    arithmetic: float
    parameters: float
    maps: float

    @property
    def total(self) -> float:
        """All three."""
        return self.arithmetic + self.parameters + self.maps


def estimate(
    number: Number = FLOAT32, batch: int = 1, maps_on_chip: bool = False
) -> list[LayerEnergy]:
    """Joules for one image, layer by layer.

    Each layer fetches its parameters from DRAM once for the batch, reads its input from there and
    writes its output to there once, and computes each MAC once. ``maps_on_chip`` leaves the maps
    between layers in a buffer on the chip, which costs nothing here. Nothing else is counted, so a
    real chip of that time takes more: instructions, caches, registers, clock and leakage are free.
    """
    layers = []
    for layer in LAYERS:
        values = prod(layer.input_shape) + prod(layer.output_shape)
        if layer.kind == "flatten":  # Only another way to look at the same bytes.
            values = 0
        elif maps_on_chip:
            first, last = layer is LAYERS[0], layer is LAYERS[-1]
            values = first * prod(layer.input_shape) + last * prod(layer.output_shape)
        moved = number.size * DRAM_BYTE
        parameters = layer.parameters * moved / batch
        layers.append(LayerEnergy(layer.name, layer.macs * number.mac, parameters, values * moved))
    return layers
