"""What quantisation has to deal with, and what it does: ranges of values, accuracy over bits."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from labcode.frameworks import FRAMEWORKS
from labcode.plots.curves import LINES, MARKERS
from labcode.plots.network import MAPS_COLOUR, WEIGHTS_COLOUR

Ranges = Mapping[str, Sequence[float]]


def show_ranges(weights: Ranges, maps: Ranges) -> Figure:
    """How far values reach, layer by layer: weights above, maps below.

    Each layer gives five numbers: its lowest value, 1st percentile, median, 99th percentile and
    highest value. The bar spans 98 % of the values, the thin line all of them.
    """
    height = 0.3 * (len(weights) + len(maps)) + 1.6
    sizes = (len(weights), len(maps))
    figure, grid = plt.subplots(2, 1, figsize=(5.4, height), height_ratios=sizes)
    panels = ((weights, WEIGHTS_COLOUR, "weight"), (maps, MAPS_COLOUR, "value in the map"))
    for axes, (ranges, colour, label) in zip(grid, panels, strict=True):
        for row, (lowest, low, median, high, highest) in enumerate(ranges.values()):
            axes.plot((lowest, highest), (row, row), color="0.3", linewidth=1, marker="|")
            axes.barh(row, high - low, left=low, height=0.55, color=colour, edgecolor="0.3")
            axes.plot(median, row, color="black", marker="|", markersize=9, markeredgewidth=2)
        axes.set_yticks(range(len(ranges)), list(ranges), fontsize=8)
        axes.invert_yaxis()
        axes.grid(axis="x", alpha=0.3)
        axes.grid(False, axis="y")
        axes.set_xlabel(label)
    return figure


def show_accuracy_over_bits(
    accuracies: Mapping[str, Mapping[int, float]], framework: str, reference: float
) -> Figure:
    """Top-1 accuracy (fractions of 1) over the width of the numbers, a line for each way.

    ``accuracies`` gives each way its label and bits -> accuracy; ``reference`` is the float32
    network's. Ways differ by line and marker, so that they stay apart in grey print.
    """
    figure, axes = plt.subplots(figsize=(5.2, 3.6))
    axes.axhline(100 * reference, color="0.45", linewidth=1, label="float32")
    for number, (label, by_bits) in enumerate(accuracies.items()):
        axes.plot(
            range(len(by_bits)),
            [100 * value for value in by_bits.values()],
            color=FRAMEWORKS[framework].colour,
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            label=label,
        )
        axes.set_xticks(range(len(by_bits)), [str(bits) for bits in by_bits])
    axes.set(xlabel="width of the numbers (bits)", ylabel="top-1 accuracy (%)")
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=8)
    return figure
