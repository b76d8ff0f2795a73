"""Speed and accuracy of both frameworks on equal terms: every run is a mark, none is hidden."""

import statistics
from collections.abc import Callable, Iterable, Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labcode.experiments import comparing
from labcode.experiments.comparing import SETTINGS, Pair, Turns, Way
from labcode.frameworks import FRAMEWORKS
from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)

# Where marks of both frameworks share a panel they differ in shape, too, for grey print.
_MARKERS = {"pytorch": "o", "tensorflow": "s"}
_LINES = {"pytorch": "-", "tensorflow": "--"}


def show_speed(groups: Sequence[Turns]) -> Figure:
    """Training throughput of each form: a mark for each seed's median, a bar for that of all."""
    figure, axes = plt.subplots(figsize=(6.2, 3.9))
    _rows(
        axes,
        groups,
        lambda way: statistics.median(comparing.rates(groups, way)),
        lambda group, way: statistics.median(comparing.rates([group], way)),
    )
    axes.set_xlabel("training throughput (images/s)")
    return figure


def show_latency(groups: Mapping[int, Turns]) -> Figure:
    """Time of an inference in each form, a panel for each batch size, a mark for each round."""
    figure, panels = plt.subplots(len(groups), 1, figsize=(6.2, 2.7 * len(groups)), squeeze=False)
    for axes, (batch, group) in zip(panels[:, 0], groups.items(), strict=True):

        def rounds(_: Turns, way: Way, group: Turns = group) -> list[float]:
            return [1000 * second for second in comparing.rounds(group[way])]

        def median(way: Way, rounds: Callable = rounds, group: Turns = group) -> float:
            return statistics.median(rounds(group, way))

        _rows(axes, [group], median, rounds)
        axes.set_xlabel(f"time of {'one image' if batch == 1 else f'{batch} images'} (ms)")
    return figure


def show_accuracy(pairs: Sequence[Pair]) -> Figure:
    """Top-1 by batch size after 20 epochs, and by epochs at batch size 32.

    A mark for each seed, a bar for their mean.
    """
    figure, panels = plt.subplots(1, 2, figsize=(7.2, 3.4), sharey=True)
    for axes, kind in zip(panels, ("batch", "epochs"), strict=True):
        names = [name for name in SETTINGS if name.startswith(kind)]
        for side, (key, framework) in enumerate(FRAMEWORKS.items()):
            for place, name in enumerate(names):
                found = comparing.sample(pairs, key, *SETTINGS[name])
                x = place + (-0.18, 0.18)[side]
                _seeds(axes, x, [100 * value for value in found.values], key)
                axes.hlines(100 * found.mean, x - 0.13, x + 0.13, framework.colour, lw=2)
        axes.set_xticks(range(len(names)), [name.split("-")[1] for name in names])
        axes.grid(axis="x", alpha=0)
    panels[0].set(xlabel="batch size, 20 epochs", ylabel="validation top-1 (%)", ylim=(0, None))
    panels[1].set(xlabel="epochs, batch size 32")
    panels[0].legend(*_legend(panels[0]), fontsize=8, loc="lower left")
    return figure


def show_long_runs(pairs: Iterable[Pair]) -> Figure:
    """The longest runs epoch by epoch: top-1 in training and validation, and validation loss.

    A line is the mean over the seeds, a band runs from the lowest to the highest of them.
    """
    pairs = list(pairs)
    longest = max(pair["pytorch"].record["recipe"]["epochs"] for pair in pairs)
    runs = [pair for pair in pairs if pair["pytorch"].record["recipe"]["epochs"] == longest]
    figure, (above, below) = plt.subplots(2, 1, figsize=(6.2, 5.2), sharex=True)
    for key, framework in FRAMEWORKS.items():
        for axes, figure_name, factor, words in (
            (above, "top1", 100, "training"),
            (above, "val_top1", 100, "validation"),
            (below, "val_loss", 1, "validation"),
        ):
            curves = factor * np.array([
                [epoch[figure_name] for epoch in pair[key].outcome["history"]["epochs"]]
                for pair in runs
            ])  # fmt: skip
            epochs = np.arange(1, longest + 1)
            faint = 0.45 if words == "training" else 1.0
            axes.plot(
                epochs,
                curves.mean(axis=0),
                _LINES[key],
                color=framework.colour,
                alpha=faint,
                label=f"{framework.label}, {words}",
            )
            axes.fill_between(
                epochs,
                curves.min(axis=0),
                curves.max(axis=0),
                color=framework.colour,
                alpha=0.15 * faint,
                linewidth=0,
            )
    above.set_ylabel("top-1 (%)")
    above.set_ylim(0, 102)
    above.legend(fontsize=8)
    below.set(xlabel="epoch", ylabel="validation loss (nats)")
    return figure


def _rows(
    axes: Axes,
    groups: Sequence[Turns],
    middle: Callable[[Way], float],
    values: Callable[[Turns, Way], float | list[float]],
) -> None:
    """A row for each way, PyTorch's above, the plain form first in each framework."""
    rows = [way for framework in FRAMEWORKS for way in comparing.ways(groups, framework)]
    for place, way in enumerate(rows):
        framework = FRAMEWORKS[way[0]]
        axes.barh(place, middle(way), 0.62, color=framework.colour, alpha=0.3)
        found = [values(group, way) for group in groups]
        found = found[0] if isinstance(found[0], list) else found
        axes.plot(
            found, [place] * len(found), _MARKERS[way[0]], color=framework.colour, ms=4, alpha=0.8
        )
    labels = [f"{FRAMEWORKS[framework].label}: {form}" for framework, form in rows]
    axes.set_yticks(range(len(rows)), labels)
    axes.invert_yaxis()
    axes.set_xlim(left=0)
    axes.grid(axis="x", alpha=0.3)
    axes.grid(axis="y", alpha=0)


def _seeds(axes: Axes, x: float, values: Sequence[float], framework: str) -> None:
    axes.plot(
        [x] * len(values),
        values,
        _MARKERS[framework],
        color=FRAMEWORKS[framework].colour,
        ms=5,
        alpha=0.75,
        label=FRAMEWORKS[framework].label,
    )


def _legend(axes: Axes) -> tuple[list, list]:
    """Handles and labels, each label once."""
    found = dict(zip(*axes.get_legend_handles_labels()[::-1], strict=True))
    return list(found.values()), list(found)
