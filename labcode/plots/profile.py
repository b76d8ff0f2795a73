"""Where the time goes: layers, batches, the roofline, and the time line of a trace."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from labcode.frameworks import FRAMEWORKS
from labcode.profiling import Profile
from labcode.roofline import Peak, intensity, operations
from labcode.timing import Times
from labcode.toycnn import LAYERS, MACS
from labcode.trace import kernel_spans, layer_spans

_GREY = "#666666"
# Okabe and Ito's palette; the kinds differ in marker and hatch as well.
_KINDS = {
    "conv": ("#E69F00", "o", "convolution"),
    "pool": ("#56B4E9", "s", "max-pool"),
    "flatten": ("#000000", "x", "flatten"),
    "dense": ("#009E73", "D", "dense"),
}


def show_layer_times(profile: Profile, framework: str) -> Axes:
    """Median milliseconds of each layer as bars, fastest to slowest run as whiskers.

    The last bar is the overhead: the end-to-end time that no layer accounts for.
    """
    names = [*profile.layers, "overhead"]
    medians = [times.median for times in profile.layers.values()] + [profile.overhead]
    axes = plt.subplots(figsize=(5.5, 4.2))[1]
    bars = axes.barh(names, 1000 * np.array(medians), color=FRAMEWORKS[framework].colour)
    bars[-1].set(facecolor="white", hatch="////", edgecolor=_GREY)
    times = list(profile.layers.values())
    middle = np.array([one.median for one in times])
    reach = [middle - [one.low for one in times], [one.high for one in times] - middle]
    axes.errorbar(
        1000 * middle, names[:-1], xerr=1000 * np.array(reach), fmt="none", ecolor="black", lw=1
    )
    axes.invert_yaxis()
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.set(xlabel="time (ms), median and range", title=f"batch of {profile.batch}")
    return axes


def show_shares(profile: Profile, framework: str) -> Axes:
    """Each layer's share of the MACs beside its share of the layers' time, in per cent."""
    names = list(profile.layers)
    macs = [100 * layer.macs / MACS for layer in LAYERS]
    times = [100 * one.median / profile.layer_sum for one in profile.layers.values()]
    axes = plt.subplots(figsize=(5.5, 4.8))[1]
    rows = np.arange(len(names))
    colour = FRAMEWORKS[framework].colour
    axes.barh(rows - 0.2, macs, 0.4, color="white", edgecolor=_GREY, hatch="////", label="MACs")
    axes.barh(rows + 0.2, times, 0.4, color=colour, label="time")
    axes.set_yticks(rows, names)
    axes.invert_yaxis()
    axes.grid(True, axis="x")
    axes.grid(False, axis="y")
    axes.set(xlabel="share of the whole (%)", title=f"batch of {profile.batch}")
    axes.legend(loc="lower right")
    return axes


def show_batches(latencies: Mapping[int, Times], framework: str) -> Figure:
    """Latency of a batch and throughput over the batch size, side by side.

    ``latencies`` has for each batch size the times of full batches of that size.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3.2))
    colour, sizes = FRAMEWORKS[framework].colour, np.array(list(latencies))
    medians = np.array([times.median for times in latencies.values()])
    low = medians - [times.percentile(5) for times in latencies.values()]
    high = np.array([times.percentile(95) for times in latencies.values()]) - medians
    left.errorbar(
        sizes, 1000 * medians, yerr=1000 * np.array([low, high]), color=colour, marker="o"
    )
    left.set(ylabel="latency of a batch (ms)", yscale="log")
    rates = [size * len(one.seconds) / one.total for size, one in latencies.items()]
    right.plot(sizes, rates, color=colour, marker="o")
    right.set_ylabel("throughput (images/s)")
    right.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("images in a batch")
    return figure


def show_roofline(profile: Profile, peak: Peak) -> Axes:
    """Each layer's operations per second over its operations per byte, under the measured roof.

    A layer's number is its index; flatten performs no operation and has no place here.
    """
    axes = plt.subplots(figsize=(7, 4.8))[1]
    points = []
    for layer in LAYERS:
        seconds = profile.layers[layer.name].median
        if operations(layer) and seconds:
            place = intensity(layer, profile.batch)
            points.append((layer, place, profile.batch * operations(layer) / seconds / 1e9))
    low = min([place for _, place, _ in points]) / 2
    high = max([peak.ridge, *(place for _, place, _ in points)]) * 4
    line = np.geomspace(low, high, 200)
    axes.plot(line, [peak.attainable(x) / 1e9 for x in line], color="black", lw=1.5)
    _label_roof(axes, peak, low, high)
    for layer, x, y in points:
        colour, marker, _ = _KINDS[layer.kind]
        label = f"{layer.index}  {layer.name}"
        axes.plot(
            x, y, marker, color=colour, ms=12, mec="black", mew=0.8, alpha=0.9, label=label, ls=""
        )
        axes.annotate(str(layer.index), (x, y), ha="center", va="center", fontsize=8)
    axes.set(
        xscale="log",
        yscale="log",
        xlim=(low, high),
        xlabel="operations per byte moved (one MAC, or one comparison of a pool)",
        ylabel="billions of operations per second",
        title=f"batch of {profile.batch}",
    )
    axes.grid(True, axis="both", which="major")
    axes.figure.legend(loc="outside lower center", ncols=4, fontsize=8, markerscale=0.6)
    return axes


def show_trace(path: str | Path, framework: str) -> Figure:
    """The time line of the trace in ``path``: layers above, operators or kernels below.

    Drawn from the file's own events. Raises ProfileError when it is no trace of the toy CNN.
    """
    layers, kernels = layer_spans(path), kernel_spans(path)
    # A GPU's kernels end after the ranges that launched them.
    end = max(span.start + span.seconds for span in [*layers, *kernels])
    figure, axes = plt.subplots(figsize=(7, 3.4))
    index = {layer.name: layer for layer in LAYERS}
    for span in layers:
        colour = _KINDS[index[span.name].kind][0]
        axes.barh(1, 1000 * span.seconds, 0.8, 1000 * span.start, color=colour, edgecolor="black")
        if span.seconds > 0.03 * end:
            middle = 1000 * (span.start + span.seconds / 2)
            axes.text(middle, 1, span.name, rotation=90, ha="center", va="center", fontsize=8)
    for span in kernels:
        # A light edge would look like the gaps, which have a meaning.
        place = (0, 1000 * span.seconds, 0.8, 1000 * span.start)
        axes.barh(*place, color=FRAMEWORKS[framework].colour, edgecolor="black", linewidth=0.5)
    axes.set_yticks([0, 1], ["operators", "layers"])
    axes.grid(False)
    axes.set(xlabel="time since the first layer began (ms)", xlim=(0, 1000 * end), ylim=(-0.6, 1.6))
    _legend_of_kinds(axes, {index[span.name].kind for span in layers})
    return figure


def _label_roof(axes: Axes, peak: Peak, low: float, high: float) -> None:
    """Name both parts of the roof along its line."""
    arithmetic, gigabytes = peak.macs_per_second / 1e9, peak.bytes_per_second / 1e9
    axes.annotate(
        f"{arithmetic:,.0f} billion MACs/s",
        (peak.ridge, arithmetic),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
    )
    middle = (low * peak.ridge) ** 0.5
    axes.annotate(
        f"{gigabytes:,.0f} GB/s",
        (middle, peak.attainable(middle) / 1e9),
        xytext=(-6, 6),
        textcoords="offset points",
        ha="right",
    )


def _legend_of_kinds(axes: Axes, kinds: set[str]) -> None:
    handles = [
        Patch(facecolor=colour, edgecolor="black", label=label)
        for kind, (colour, _, label) in _KINDS.items()
        if kind in kinds
    ]
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=8)
