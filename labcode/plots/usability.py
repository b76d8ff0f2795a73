"""Counts of usability as dots: one row an activity, both frameworks in each row."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labcode.frameworks import FRAMEWORKS
from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)

# Equal counts lie on one another: the ring stays visible around the dot.
_MARKS = {
    "pytorch": {"marker": "o", "s": 26},
    "tensorflow": {"marker": "o", "s": 85, "facecolors": "none", "linewidths": 1.6},
}


def show_usability(
    activities: Mapping[str, Mapping],
    measures: Sequence[str] = ("lines", "names", "concepts"),
) -> Figure:
    """Each measure in a panel of its own, a row for each activity, from top to bottom.

    ``activities`` are those of ``labcode.publish.counting.count``: a title, and for each framework
    a number or a list of what was counted. PyTorch is a dot, TensorFlow a ring.
    """
    rows = list(activities.values())[::-1]
    height = 0.9 + 0.28 * len(rows)
    figure, panels = plt.subplots(1, len(measures), figsize=(7.2, height), sharey=True)
    for axes, measure in zip(panels, measures, strict=True):
        found = {key: [_size(row[key][measure]) for row in rows] for key in FRAMEWORKS}
        pairs = list(zip(*found.values(), strict=True))
        axes.hlines(range(len(rows)), *zip(*map(sorted, pairs), strict=True), color="0.7", zorder=1)
        for key, framework in FRAMEWORKS.items():
            marks = _MARKS[key]
            colour = {"edgecolors" if "facecolors" in marks else "color": framework.colour}
            places = range(len(rows))
            axes.scatter(found[key], places, label=framework.label, zorder=2, **marks, **colour)
        axes.set_xlim(left=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        axes.set_xlabel(measure)
        axes.grid(axis="x", alpha=0.3)
        axes.set_yticks(range(len(rows)), [row["title"] for row in rows], fontsize=9)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper right", ncols=2, fontsize=9)
    return figure


def _size(value: int | Sequence) -> int:
    return value if isinstance(value, int) else len(value)
