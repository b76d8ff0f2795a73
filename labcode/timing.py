"""Fair timing on a noisy machine: warm-up, repeats, cases in turn, medians and paired ratios."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Figures = dict[str, list[float]]


@dataclass(frozen=True)
class Times:
    """The seconds that each of several equal runs took, warm-up left out, in the order taken."""

    seconds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Half of the runs were faster; what a page prints."""
        return statistics.median(self.seconds)

    @property
    def low(self) -> float:
        """The fastest run."""
        return min(self.seconds)

    @property
    def high(self) -> float:
        """The slowest run."""
        return max(self.seconds)

    @property
    def total(self) -> float:
        """All runs together."""
        return sum(self.seconds)

    def percentile(self, share: float) -> float:
        """The seconds that ``share`` per cent of the runs did not exceed, interpolated linearly."""
        ordered = sorted(self.seconds)
        place = (len(ordered) - 1) * share / 100
        below = int(place)
        above = min(below + 1, len(ordered) - 1)
        return ordered[below] + (place - below) * (ordered[above] - ordered[below])

    def milliseconds(self, form: str = ",.2f") -> str:
        """``median (lowest to highest) ms``, for the page."""
        return spread([1000 * value for value in self.seconds], form) + " ms"


def measure(
    work: Callable[[], object],
    wait: Callable[[], object] = lambda: None,
    repeats: int = 15,
    warmup: int = 3,
) -> Times:
    """Time ``repeats`` calls of ``work`` one by one, after ``warmup`` calls that do not count.

    ``wait`` returns when the device is done (a GPU's call returns when its work is only queued);
    it is called before the clock is started and again before it is read.
    """
    for _ in range(warmup):
        work()
    wait()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        wait()
        found.append(time.perf_counter() - start)
    return Times(tuple(found))


def interleave(
    cases: Mapping[str, Callable[[int], float]], rounds: int, warmup: int = 1
) -> Figures:
    """Call each case once a round, A B A B …, and return its figures, warm-up rounds left out.

    A case is called with the number of its round (warm-ups are negative) and returns its own
    figure: seconds, or images a second. The order of the cases turns round from round to round,
    so that none always runs first.
    """
    figures: Figures = {name: [] for name in cases}
    for number in range(-warmup, rounds):
        names = list(cases) if number % 2 == 0 else list(cases)[::-1]
        for name in names:
            value = cases[name](number)
            if number >= 0:
                figures[name].append(value)
    return figures


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Round by round ratio of two cases: a machine that slows down slows both halves of a pair."""
    return [a / b for a, b in zip(above, below, strict=True)]


def spread(values: Sequence[float], form: str = ",.2f") -> str:
    """``median (lowest to highest)``."""
    middle, low, high = statistics.median(values), min(values), max(values)
    return f"{middle:{form}} ({low:{form}} to {high:{form}})"
