"""Images, and what the network thinks of them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labcode.frameworks import FRAMEWORKS


def show_image(image: np.ndarray, title: str = "") -> Figure:
    """One image uint8 (H, W, 3), with its pixel coordinates on the axes."""
    figure, axes = plt.subplots(figsize=(3.4, 3.4))
    axes.imshow(image)
    axes.grid(False)
    axes.set(title=title, xlabel="column (pixels)", ylabel="row (pixels)")
    return figure


def show_grid(images: Sequence[np.ndarray], titles: Sequence[str], columns: int = 5) -> Figure:
    """Images uint8 (H, W, 3) side by side, each under its title, in rows of ``columns``."""
    rows = -(-len(images) // columns)
    figure, grid = plt.subplots(rows, columns, figsize=(1.5 * columns, 1.75 * rows), squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, title in zip(grid.flat, images, titles, strict=False):
        axes.imshow(image)
        axes.set_title(_shortened(title), fontsize=8)
    return figure


def show_confidences(
    probabilities: np.ndarray,
    names: Sequence[str],
    framework: str,
    truth: int | None = None,
    k: int = 15,
    axes: Axes | None = None,
) -> Axes:
    """The ``k`` most probable classes as bars in per cent; the true class is hatched and starred.

    ``probabilities`` has shape (classes,) and sums to 1; ``names`` gives each class a label.
    """
    if axes is None:
        axes = plt.subplots(figsize=(5, 0.26 * k + 0.8))[1]
    best = np.argsort(-probabilities, kind="stable")[:k]
    bars = axes.barh(range(k), 100 * probabilities[best], color=FRAMEWORKS[framework].colour)
    for bar, label in zip(bars, best, strict=True):
        if label == truth:
            bar.set(hatch="///", edgecolor="black")
    ticks = [("★ " if label == truth else "") + _shortened(names[label], 28) for label in best]
    axes.set_yticks(range(k), ticks, fontsize=8)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.3)
    axes.grid(False, axis="y")
    axes.set_xlabel("confidence (%)")
    return axes


def _shortened(text: str, width: int = 20) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
