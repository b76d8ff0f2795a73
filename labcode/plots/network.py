"""The network as a picture to scale, and the memory that its layers take."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from labcode.toycnn import Layer

# Okabe-Ito again, without the two colours that stand for the frameworks.
KIND_COLOURS = {
    "input": "#FFFFFF",
    "conv": "#56B4E9",
    "pool": "#F0E442",
    "flatten": "#BBBBBB",
    "dense": "#CC79A7",
}
MAPS_COLOUR, WEIGHTS_COLOUR = "#009E73", "#CC79A7"

_SLANT = 0.35  # how far a pixel of width goes aside and up, as seen at an angle
_VALUES_A_UNIT = 16  # a vector's values in the length of one channel, or 2048 would not fit
_ROW = 25  # least height of a row, in pixels of the maps, for two lines of text
_TEXT = 140  # where the text begins, right of the widest box
_WIDTH = 262
_BAR = 4  # height of a vector's bar; one unit would be a hair


def show_network(layers: Sequence[Layer]) -> Figure:
    """Each layer's output as a box to scale, from the image at the top to the classes at the foot.

    A box is as high and as deep as the map (one unit a pixel) and as long as it has channels (one
    unit each). A vector is a bar, 16 values to the unit. Beside it stand the layer's name, its
    output's shape and its work.
    """
    boxes = [("input", "image", "", layers[0].input_shape)]
    boxes += [(one.kind, one.name, _work(one), one.output_shape) for one in layers]
    heights = [max(_ROW, _height(shape) + 6) for *_, shape in boxes]
    figure, axes = plt.subplots(figsize=(4.7, 4.7 * sum(heights) / _WIDTH))
    bottom = sum(heights)
    axes.set(xlim=(-2, _WIDTH), ylim=(0, bottom), aspect="equal")
    axes.axis("off")
    for (kind, name, work, shape), height in zip(boxes, heights, strict=True):
        bottom -= height
        _draw_box(axes, (height - _height(shape)) / 2 + bottom, shape, KIND_COLOURS[kind])
        size = " × ".join(f"{one:,}" for one in shape)
        middle = bottom + height / 2
        axes.text(_TEXT, middle + 1, name, weight="bold", va="bottom", fontsize=9)
        axes.text(_TEXT, middle, f"{size}\n{work}", va="top", fontsize=8, linespacing=1.0)
    return figure


def show_memory(layers: Sequence[Layer], buffer_bytes: int, buffer_name: str) -> Figure:
    """Values that each layer holds at batch 1: weights beside the map it reads plus the one it
    writes, with what fits into ``buffer_bytes`` in float32 (4 bytes a value) and in int8 (1).
    """
    rows = np.arange(len(layers))
    figure, axes = plt.subplots(figsize=(5, 0.42 * len(layers) + 1.6))
    maps = [np.prod(one.input_shape) + np.prod(one.output_shape) for one in layers]
    weights = [one.parameters for one in layers]
    for offset, values, colour, label in (
        (-0.2, maps, MAPS_COLOUR, "maps: input + output"),
        (0.2, weights, WEIGHTS_COLOUR, "weights and biases"),
    ):
        axes.barh(rows + offset, np.array(values) / 1000, 0.38, color=colour, label=label)
    for size, kind, style in ((4, "float32", "--"), (1, "int8", ":")):
        label = f"{buffer_name} full of {kind}"
        axes.axvline(buffer_bytes / size / 1000, color="black", ls=style, lw=1.2, label=label)
    axes.set_yticks(rows, [one.name for one in layers], fontsize=8)
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.grid(True, axis="x", alpha=0.3)
    axes.grid(False, axis="y")
    axes.set_xlabel("thousands of values (× 4 = kB in float32)")
    figure.legend(loc="outside upper center", ncols=2, fontsize=8, frameon=False)
    return figure


def _work(layer: Layer) -> str:
    activation = f" + {layer.activation}" if layer.activation else ""
    if layer.kind == "conv":
        height, width, _, outputs = layer.kernel_shape
        return f"{outputs} kernels {height} × {width}{activation}"
    if layer.kind == "dense":
        return f"{layer.kernel_shape[0]:,} weights each{activation}"
    return "largest of 2 × 2" if layer.kind == "pool" else "one line of values"


def _height(shape: tuple[int, ...]) -> float:
    """How high the box of ``shape`` is drawn, its slanted top included."""
    return shape[0] * (1 + _SLANT) if len(shape) == 3 else _BAR


def _draw_box(axes: Axes, bottom: float, shape: tuple[int, ...], colour: str) -> None:
    style = {"edgecolor": "black", "linewidth": 0.7, "joinstyle": "round"}
    if len(shape) == 1:
        length, height, slant = shape[0] / _VALUES_A_UNIT, _BAR, 0
    else:
        height, width, length = shape
        slant = _SLANT * width
    low, high = bottom, bottom + height
    front = [(0, low), (length, low), (length, high), (0, high)]
    top = [(0, high), (length, high), (length + slant, high + slant), (slant, high + slant)]
    side = [
        (length, low),
        (length + slant, low + slant),
        (length + slant, high + slant),
        (length, high),
    ]
    axes.add_patch(Polygon(front, facecolor=colour, **style))
    if slant:
        axes.add_patch(Polygon(top, facecolor=colour, alpha=0.55, **style))
        axes.add_patch(Polygon(side, facecolor=colour, alpha=0.8, **style))
