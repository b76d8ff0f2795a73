"""Where an image's joules go, layer by layer."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from labcode.energy import LayerEnergy

_PARTS = {
    "arithmetic": ("arithmetic", "#555555", ""),
    "parameters": ("memory: parameters", "#009E73", "//"),
    "maps": ("memory: maps", "#E69F00", ".."),
}


def show_layer_energy(layers: Sequence[LayerEnergy], axes: Axes | None = None) -> Axes:
    """One bar for each layer, in microjoules for an image, split into arithmetic and memory."""
    if axes is None:
        axes = plt.subplots(figsize=(5.2, 3.6))[1]
    names = [layer.name for layer in layers]
    start = [0.0] * len(layers)
    for part, (label, colour, hatch) in _PARTS.items():
        widths = [1e6 * getattr(layer, part) for layer in layers]
        axes.barh(
            names, widths, left=start, label=label, color=colour, hatch=hatch, edgecolor="white"
        )
        start = [a + b for a, b in zip(start, widths, strict=True)]
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="x", alpha=0.3)
    axes.grid(False, axis="y")
    axes.set_xlabel("estimated energy (µJ an image)")
    axes.legend(fontsize=8, loc="lower right")
    return axes
