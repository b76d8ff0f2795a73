"""Training runs as curves: loss and accuracy over epochs, one run or several."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labcode.batches import steps_per_epoch
from labcode.frameworks import FRAMEWORKS
from labcode.history import History

LINES = ("-", "--", ":", "-.")
MARKERS = ("o", "s", "^", "D")

Curves = History | Mapping[str, Sequence[float]]


def show_curves(curves: Curves, framework: str, title: str = "") -> Figure:
    """One run: its loss above its top-1 accuracy over epochs, training dashed, validation solid.

    ``curves`` is a History or gives ``loss`` and ``val_loss`` in nats, ``top1`` and ``val_top1`` as
    fractions of 1, one value an epoch. A vertical line marks the lowest validation loss.
    """
    figure, grid = plt.subplots(2, 1, figsize=(5.2, 4.9), sharex=True)
    names = {"loss": "loss (nats)", "top1": "top-1 accuracy (%)"}
    best = 1 + int(np.argmin(_column(curves, "val_loss")))
    for axes, (name, label) in zip(grid, names.items(), strict=True):
        factor = 1 if name == "loss" else 100
        for key, style in ((name, _TRAIN), (f"val_{name}", _VALIDATION)):
            values = factor * np.array(_column(curves, key))
            epochs = range(1, len(values) + 1)
            # In a long run markers would touch and hide what tells dashed from solid.
            every = 1 + len(values) // 25
            colour = FRAMEWORKS[framework].colour
            axes.plot(epochs, values, color=colour, markevery=every, **style)
        axes.axvline(best, color="0.45", linewidth=1, label=f"lowest val. loss: {best}")
        axes.set_ylabel(label)
    grid[1].set_xlabel("epoch")
    grid[1].xaxis.set_major_locator(MaxNLocator(integer=True))
    grid[0].legend(fontsize=8)
    figure.suptitle(title, fontsize=10)
    return figure


def show_runs(runs: Mapping[str, History], framework: str, images: int) -> Figure:
    """Several runs' validation top-1: above over epochs, below over the optimiser's steps.

    ``runs`` gives each its label, ``images`` is the number of training images of all of them. Runs
    differ by line and marker, so that they stay apart in grey print.
    """
    figure, (over_epochs, over_steps) = plt.subplots(2, 1, figsize=(5.2, 5.2))
    for number, (label, history) in enumerate(runs.items()):
        accuracy = 100 * np.array(history.column("val_top1"))
        epochs = np.array(history.column("number"))
        style = {
            "color": FRAMEWORKS[framework].colour,
            "linestyle": LINES[number % len(LINES)],
            "marker": MARKERS[number % len(MARKERS)],
            "markersize": 4,
            "label": label,
        }
        steps = epochs * steps_per_epoch(images, history.recipe.batch_size)
        over_epochs.plot(epochs, accuracy, **style)
        over_steps.plot(steps, accuracy, **style)
    over_epochs.set(xlabel="epoch", ylabel="validation top-1 (%)")
    over_epochs.xaxis.set_major_locator(MaxNLocator(integer=True))
    over_steps.set(xlabel="steps of the optimiser", ylabel="validation top-1 (%)")
    over_epochs.legend(fontsize=8)
    return figure


_TRAIN = {"linestyle": "--", "marker": "o", "markersize": 4, "mfc": "white", "label": "training"}
_VALIDATION = {"linestyle": "-", "marker": "o", "markersize": 4, "label": "validation"}


def _column(curves: Curves, name: str) -> Sequence[float]:
    return curves.column(name) if isinstance(curves, History) else curves[name]
