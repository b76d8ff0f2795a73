"""Kernels and feature maps as pictures, and how both are distributed."""

from collections.abc import Mapping, Sequence
from math import ceil

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labcode.plots.network import MAPS_COLOUR, WEIGHTS_COLOUR
from labcode.toycnn import Layer


def show_kernels(
    kernels: np.ndarray, title: str, outputs: Sequence[int], inputs: Sequence[int]
) -> Figure:
    """Slices of ``kernels`` (height, width, inputs, outputs): a column for each of ``outputs``, a
    row for each of ``inputs``; blue negative, white zero, red positive, one scale for all.
    """
    height, width = kernels.shape[:2]
    tiles = kernels[:, :, list(inputs)][..., list(outputs)].transpose(2, 3, 0, 1)
    rows, columns = tiles.shape[:2]
    picture = _mosaic(tiles.reshape(-1, height, width), columns)
    figure, axes = plt.subplots(figsize=(5.2, 5.2 * picture.shape[0] / picture.shape[1] + 1.4))
    limit = abs(tiles).max()
    image = axes.imshow(picture, cmap="RdBu_r", vmin=-limit, vmax=limit)
    axes.set_xticks(_centres(columns, width), outputs, fontsize=7)
    axes.set_yticks(_centres(rows, height), inputs, fontsize=7)
    axes.set_title(title, fontsize=10)
    axes.set(xlabel="output channel", ylabel="input channel")
    _finish(figure, axes, image, "weight")
    return figure


def show_maps(
    maps: np.ndarray, title: str, channels: int, columns: int = 8, image: np.ndarray | None = None
) -> Figure:
    """The first ``channels`` channels of ``maps`` (height, width, channels) in rows of ``columns``.

    All share one scale, white at 0; black is reached by the largest hundredth of what is not 0, so
    that one bright spot does not make all others pale. The number of its first channel stands
    before each row. ``image`` uint8 (64, 64, 3) is shown above, for comparison.
    """
    height, width = maps.shape[:2]
    picture = _mosaic(maps[..., :channels].transpose(2, 0, 1), columns)
    rows = ceil(channels / columns)
    ratio = picture.shape[0] / picture.shape[1]
    if image is None:
        figure, axes = plt.subplots(figsize=(5.2, 5.2 * ratio + 0.9))
    else:
        heights = (1.3, 5.2 * ratio + 0.6)
        figure, (above, axes) = plt.subplots(
            2, 1, figsize=(5.2, sum(heights) + 0.5), height_ratios=heights
        )
        above.imshow(image)
        above.axis("off")
        above.set_title("the image", fontsize=9)
    positive = maps[..., :channels][maps[..., :channels] > 0]
    black = np.percentile(positive, 99) if positive.size else 1
    shown = axes.imshow(picture, cmap="Greys", vmin=0, vmax=black)
    axes.set_yticks(_centres(rows, height), range(0, channels, columns), fontsize=8)
    axes.set_xticks(_centres(columns, width), [f"+{one}" for one in range(columns)], fontsize=8)
    axes.set_title(title, fontsize=10)
    axes.set(xlabel="channel within the row", ylabel="first channel of the row")
    _finish(figure, axes, shown, "activation", gap="#BBDDF0", extend="max")
    return figure


def show_values(weights: np.ndarray, maps: np.ndarray, name: str) -> Figure:
    """Histograms of a layer's weights and of its map, on a logarithmic count."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(5.4, 2.7), sharey=True)
    left.hist(weights.ravel(), 60, color=WEIGHTS_COLOUR, log=True)
    left.set(title=f"weights of {name}", xlabel="weight", ylabel="how many values")
    right.hist(maps.ravel(), 60, color=MAPS_COLOUR, log=True)
    right.set(title=f"map of {name}", xlabel="activation")
    for axes in (left, right):
        axes.title.set_fontsize(9)
    return figure


def show_depth(layers: Sequence[Layer], shares: Mapping[str, Mapping[str, float]]) -> Figure:
    """How maps change from layer to layer: size and channels above, ``shares`` (%) below.

    ``shares`` maps the label of a curve to the fraction of 1 of each layer, by the layer's name.
    """
    names = [one.name for one in layers]
    place = np.arange(len(layers))
    figure, (above, below) = plt.subplots(2, 1, figsize=(5, 5), sharex=True)
    sides = [one.output_shape[0] for one in layers]
    channels = [one.output_shape[-1] for one in layers]
    above.plot(place, sides, "o-", color="black", label="height = width (pixels)")
    above.plot(place, channels, "s--", color=MAPS_COLOUR, label="channels")
    above.set(ylabel="pixels, channels", yscale="log", yticks=(4, 8, 16, 32, 64, 128))
    above.set_yticks([], minor=True)
    above.set_yticklabels(["4", "8", "16", "32", "64", "128"])
    for (label, values), style in zip(shares.items(), ("o-", "^--", "s:"), strict=False):
        below.plot(place, [100 * values[name] for name in names], style, color="k", label=label)
    below.set(ylabel="share (%)", ylim=(-3, 103))
    below.set_xticks(place, names, rotation=45, ha="right", fontsize=8)
    for axes in (above, below):
        place_above = {"loc": "lower center", "bbox_to_anchor": (0.5, 1), "ncols": 3}
        axes.legend(fontsize=8, frameon=False, **place_above)
    return figure


def _mosaic(tiles: np.ndarray, columns: int) -> np.ndarray:
    """Tiles (N, height, width) in rows of ``columns``, NaN between them and where none is left."""
    count, height, width = tiles.shape
    down, right = height + _gap(height), width + _gap(width)
    rows = ceil(count / columns)
    picture = np.full((rows * down - _gap(height), columns * right - _gap(width)), np.nan)
    for number, tile in enumerate(tiles):
        top, left = number // columns * down, number % columns * right
        picture[top : top + height, left : left + width] = tile
    return picture


def _centres(count: int, size: int) -> np.ndarray:
    """Where the middles of ``count`` tiles of ``size`` pixels lie."""
    return np.arange(count) * (size + _gap(size)) + (size - 1) / 2


def _gap(size: int) -> int:
    """Blank pixels between two tiles of ``size`` pixels."""
    return max(1, size // 15)


def _finish(
    figure: Figure, axes: Axes, image, label: str, gap: str = "#DDDDDD", extend: str = "neither"
) -> None:
    """Take grid, ticks and frame off the picture, colour its gaps, add the scale below."""
    axes.grid(False)
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_facecolor(gap)
    scale = {"location": "bottom", "aspect": 40, "pad": 0.02, "extend": extend}
    figure.colorbar(image, ax=axes, label=label, **scale)
