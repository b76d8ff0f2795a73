"""What the chapter on silent mistakes needs: a verdict on a test, a queue, a picture of an F."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from labcode.frameworks import FRAMEWORKS
from labcode.plots.curves import LINES, MARKERS


def verdict(test: Callable[..., object], *arguments: object) -> str:
    """``passes``, or ``FAILS:`` and what the assertion of ``test`` that did not hold says.

    An AssertionError alone is a verdict; any other error means that the test itself went wrong,
    and is raised.
    """
    try:
        test(*arguments)
    except AssertionError as error:
        return "FAILS: " + (" ".join(str(error).split()) or "an assertion that says nothing")
    return "passes"


class Queue:
    """A device that works through a queue in a thread of its own, as a GPU does beside a CPU.

    ``put`` returns when the work is in the queue, ``wait`` when all of it is done; an error in the
    work comes up in ``wait``. Unlike ``labcode.pretend.Device`` it does real work in real time.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._pending: list[Future] = []

    def put(self, work: Callable[..., object], *arguments: object) -> Future:
        """Append ``work(*arguments)`` to the queue; the result of the Future is what it returns."""
        self._pending.append(self._worker.submit(work, *arguments))
        return self._pending[-1]

    def wait(self) -> None:
        """Return when the queue is empty."""
        pending, self._pending = self._pending, []
        for future in pending:
            future.result()


def letter() -> np.ndarray:
    """The letter F, uint8 (64, 64, 3): no mirroring, turn or exchange of channels leaves it as is.

    A red stem and two green bars on dark blue.
    """
    image = np.empty((64, 64, 3), np.uint8)
    image[:] = 10, 20, 90
    image[8:56, 16:26] = 230, 40, 30
    image[8:18, 26:52] = image[28:38, 26:42] = 40, 200, 60
    return image


def show_losses(
    curves: Mapping[str, Sequence[float]],
    framework: str,
    levels: Mapping[str, float] | None = None,
) -> Figure:
    """Mean losses in nats over epochs, a line and a marker for each of ``curves`` (one an epoch).

    ``levels`` gives names to horizontal lines.
    """
    figure, axes = plt.subplots(figsize=(5.2, 3.2))
    for number, (label, values) in enumerate(curves.items()):
        axes.plot(
            range(1, len(values) + 1),
            values,
            label=label,
            color=FRAMEWORKS[framework].colour,
            linestyle=LINES[number % len(LINES)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            mfc=None if number == 0 else "white",
        )
    for label, level in (levels or {}).items():
        axes.axhline(level, color="0.45", linewidth=1)
        place = {"xy": (1, level), "xycoords": ("axes fraction", "data"), "ha": "right"}
        axes.annotate(label, xytext=(-2, 3), textcoords="offset points", fontsize=8, **place)
    axes.set(xlabel="epoch", ylabel="loss (nats)")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(fontsize=8)
    return figure
