"""Energy of one run of a short piece of work: repeated until the counter can tell."""

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from labcode.energy.meter import Meter, NotMeasurable

_BETWEEN_WAITS = 0.1
"""Seconds of work to queue on a GPU before waiting: waiting after each run would slow it down."""


@dataclass(frozen=True)
class PerRun:
    """What one of ``runs`` equal runs took: seconds, joules and mean watts.

    ``joules`` is what is left after the idle power, if any, was taken off; ``watts`` is what the
    meter showed, idle power included. Both are None without a meter.
    """

    runs: int
    seconds: float
    joules: float | None
    watts: float | None

    @property
    def measured(self) -> bool:
        """Whether there is a number of joules to report: a meter, and more than idle."""
        return self.joules is not None and self.joules > 0

    def line(self, images: int = 1) -> str:
        """A sentence for the page, where a run processes ``images`` images."""
        time_each = f"{1000 * self.seconds / images:,.2f} ms an image"
        if self.joules is None:
            return f"{time_each}; energy not measurable here"
        if not self.measured:
            return f"{time_each}; no more energy than idle: too little to tell, measure longer"
        return (
            f"{time_each}, {self.joules / images:,.3g} J an image, "
            f"{images / self.joules:,.3g} images a joule, {self.watts:,.0f} W"
        )


def energy_per_run(
    meter: Meter | NotMeasurable,
    work: Callable[[], object],
    wait: Callable[[], object] = lambda: None,
    minimum_seconds: float = 2.0,
    idle_watts: float = 0.0,
    warmup: int = 2,
) -> PerRun:
    """Repeat ``work`` for at least ``minimum_seconds`` after ``warmup`` runs that do not count.

    ``wait`` returns when the device is done. ``idle_watts`` times the duration is taken off the
    joules. Where the energy is not measurable only the time is taken.
    """
    for _ in range(max(1, warmup)):
        start = time.perf_counter()
        work()
        wait()
    chunk = max(1, int(_BETWEEN_WAITS / max(time.perf_counter() - start, 1e-6)))
    runs = 0
    with meter.measure() if meter else nullcontext() as energy:
        start = time.perf_counter()
        while True:
            for _ in range(chunk):
                work()
            wait()
            runs += chunk
            seconds = time.perf_counter() - start
            if seconds >= minimum_seconds:
                break
    if energy is None:
        return PerRun(runs, seconds / runs, None, None)
    return PerRun(runs, seconds / runs, energy.above(idle_watts) / runs, energy.watts)


def idle_watts(meter: Meter, seconds: float = 2.0) -> float:
    """Mean power while this program does nothing for ``seconds``; others may be at work."""
    with meter.measure() as energy:
        time.sleep(seconds)
    return energy.watts
