"""Networks that die, run by run and step by step, and how maps shrink from layer to layer."""

from collections.abc import Callable, Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from labcode.experiments.analysis import LN_CLASSES, SEES_NOTHING, Case
from labcode.experiments.results import Result
from labcode.frameworks import FRAMEWORKS
from labcode.plots import style  # noqa: F401  (sets matplotlib's defaults)
from labcode.plots.curves import LINES, MARKERS

DEEP, FIRST = "conv2d_5", "conv2d"
"""The layers whose dead units and whose gradient are shown."""

FLOOR = 1e-9
"""Where a logarithmic axis shows 0, and anything below."""

# Okabe-Ito without the two colours that stand for the frameworks.
_COLOURS = ("#009E73", "#CC79A7", "#56B4E9", "0.3")
_MARKS = {"pytorch": ("o", -0.17), "tensorflow": ("s", 0.17)}


def show_collapse(cases: Sequence[Case]) -> Figure:
    """Three measures of each run at its end, a row for each set-up, a mark for each run.

    From left to right: how much the logits vary from image to image, the share of dead units in
    the layer ``DEEP`` (%), and the size of the gradient in the layer ``FIRST``. The hollow mark is
    the same run before its first step; values below ``FLOOR`` stand at 0.
    """
    panels: list[tuple[str, Callable[[dict], float], bool]] = [
        ("logits vary by", lambda probe: probe["varies"], True),
        (f"dead in {DEEP} (%)", lambda probe: 100 * probe["dead"][DEEP], False),
        (f"gradient of {FIRST}", lambda probe: probe["gradient"][FIRST], True),
    ]
    figure, grid = plt.subplots(1, 3, figsize=(7.4, 1.2 + 0.52 * len(cases)), sharey=True)
    for axes, (label, measure, logarithmic) in zip(grid, panels, strict=True):
        if logarithmic:
            axes.set_xscale("log")
            axes.set_xlim(FLOOR / 3, 3)
            axes.set_xticks([FLOOR, 1e-6, 1e-3, 1], ["0", "$10^{-6}$", "$10^{-3}$", "1"])
            axes.minorticks_off()
        else:
            axes.set_xlim(-5, 105)
        for row, case in enumerate(cases):
            for framework, runs in case.runs.items():
                _draw(axes, row, framework, runs, measure)
        axes.set_xlabel(label, fontsize=9)
        axes.grid(axis="x", alpha=0.3)
        axes.grid(False, axis="y")
    grid[0].axvline(SEES_NOTHING, color="0.45", linewidth=1)
    grid[0].set_yticks(range(len(cases)), [_name(case) for case in cases], fontsize=8)
    grid[0].set_ylim(len(cases) - 0.5, -0.5)
    handles, labels = grid[0].get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))
    figure.legend(unique.values(), unique, loc="outside upper right", ncols=2, fontsize=9)
    return figure


def show_escape(cases: Sequence[Case]) -> Figure:
    """Each run over its steps, on the probe's images: above its loss, below how its logits vary.

    A set-up is a line of its own dash, a framework has its colour. The line across is at ln 200
    above, and below at ``SEES_NOTHING``.
    """
    figure, (losses, varies) = plt.subplots(2, 1, figsize=(5.4, 5.2), sharex=True)
    for number, case in enumerate(cases):
        for framework, runs in case.runs.items():
            told = FRAMEWORKS[framework]
            look = {"color": told.colour, "linestyle": LINES[number % len(LINES)]}
            for run in runs:
                probes = run.outcome["probes"]
                each = case.steps / probes[-1]["epoch"]
                steps = [each * probe["epoch"] for probe in probes]
                label = f"{told.label}, {case.label}"
                losses.plot(steps, [probe["loss"] for probe in probes], **look, label=label)
                varies.plot(steps, [probe["varies"] for probe in probes], **look)
    losses.axhline(LN_CLASSES, color="0.45", linewidth=1)
    varies.axhline(SEES_NOTHING, color="0.45", linewidth=1)
    losses.set_ylabel("loss (nats)")
    varies.set_ylabel("logits vary by")
    varies.set_yscale("log")
    varies.set_xlabel("steps of the optimiser")
    losses.legend(fontsize=7)
    return figure


def show_signal(sizes: Mapping[str, Mapping[str, float]], label: str) -> Figure:
    """One number a layer, on a logarithmic axis, a line for each initialiser.

    ``sizes`` gives each line its label and layer -> value; ``label`` names the axis. Lines differ
    by colour, dash and marker, so that they stay apart in grey print.
    """
    figure, axes = plt.subplots(figsize=(5.4, 3.6))
    for number, (name, by_layer) in enumerate(sizes.items()):
        axes.plot(
            range(len(by_layer)),
            list(by_layer.values()),
            color=_COLOURS[number % len(_COLOURS)],
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            label=name,
        )
        axes.set_xticks(range(len(by_layer)), list(by_layer), fontsize=8, rotation=20)
    axes.set_yscale("log")
    axes.set_ylabel(label)
    axes.legend(fontsize=8)
    return figure


def _draw(
    axes: Axes,
    row: int,
    framework: str,
    runs: Sequence[Result],
    measure: Callable[[dict], float],
) -> None:
    marker, aside = _MARKS[framework]
    told = FRAMEWORKS[framework]
    for number, run in enumerate(runs):
        probes = run.outcome["probes"]
        before, after = (max(FLOOR, measure(probes[index])) for index in (0, -1))
        at = row + aside + 0.09 * (number - (len(runs) - 1) / 2)
        look = {"color": told.colour, "marker": marker, "markersize": 5, "linestyle": "none"}
        axes.plot([before], [at], **look | {"markersize": 4}, fillstyle="none", alpha=0.6)
        axes.plot([after], [at], **look, label=told.label)


def _name(case: Case) -> str:
    first, rest = case.label.split(", ", 1)
    return f"{first}\n{rest}"
