"""The ladder as rows: both frameworks' accuracy on each rung, and the gap between them."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labcode.experiments.analysis import Rung
from labcode.frameworks import FRAMEWORKS
from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)

# The two stand a little apart in a row, and differ in shape for readers in grey.
_MARKS = {"pytorch": ("o", -0.17), "tensorflow": ("s", 0.17)}
_GAP = "0.25"


def show_ladder(rungs: Sequence[Rung]) -> Figure:
    """Left the final top-1 (%), right PyTorch's minus TensorFlow's (points); a row for each rung.

    The large mark is the mean over the seeds, with a bar of one standard deviation to either side;
    a small dot is a run. The gap's bar is twice its standard error.
    """
    height = 1.1 + 0.5 * len(rungs)
    figure, (accuracy, gap) = plt.subplots(
        1, 2, figsize=(7.2, height), sharey=True, width_ratios=(5, 3)
    )
    for framework in FRAMEWORKS:
        _accuracy(accuracy, rungs, framework)
    rows = range(len(rungs))
    gaps = [rung.gap() for rung in rungs]
    points = [100 * one.value for one in gaps]
    bars = [200 * one.error for one in gaps]
    gap.axvline(0, color="0.6", linewidth=1)
    gap.errorbar(points, rows, xerr=bars, color=_GAP, marker="D", markersize=5, capsize=3)
    accuracy.set_xlabel("top-1 after the last epoch (%)")
    gap.set_xlabel("PyTorch - TensorFlow (points)")
    accuracy.set_yticks(rows, [_name(rung) for rung in rungs], fontsize=9)
    accuracy.set_ylim(len(rungs) - 0.5, -0.5)
    for axes in (accuracy, gap):
        axes.grid(axis="x", alpha=0.3)
        axes.grid(False, axis="y")
    handles, labels = accuracy.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=9)
    return figure


def _accuracy(axes: Axes, rungs: Sequence[Rung], framework: str) -> None:
    marker, aside = _MARKS[framework]
    told = FRAMEWORKS[framework]
    rows = np.arange(len(rungs)) + aside
    samples = [rung.sample(framework) for rung in rungs]
    means = [100 * one.mean for one in samples]
    spread = [100 * one.deviation for one in samples]
    look = {"color": told.colour, "marker": marker}
    axes.errorbar(
        means, rows, xerr=spread, **look, markersize=7, capsize=3, linestyle="none",
        label=told.label,
    )  # fmt: skip
    for row, sample in zip(rows, samples, strict=True):
        values = 100 * np.array(sample.values)
        axes.scatter(values, np.full(len(values), row), s=9, alpha=0.55, **look)


def _name(rung: Rung) -> str:
    return "the two set-ups" if rung.switch == "report" else f"same {rung.switch}"
