"""The median of a few values, and how surely it is known."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Middle:
    """A median with its interval from ``low`` to ``high``, which covers the true one in ``level``
    of all repetitions.
    """

    median: float
    low: float
    high: float
    level: float

    def text(self, form: str = ".2f") -> str:
        """``median (low to high)``."""
        return f"{self.median:{form}} ({self.low:{form}} to {self.high:{form}})"


def middle(values: Sequence[float], level: float = 0.95) -> Middle:
    """Median and interval, with no assumption but that the values are independent.

    Each value lies above the true median or below it, like heads and tails. So the k-th smallest
    and the k-th largest enclose it unless fewer than k of them fell on one side, a binomial
    probability; k is the largest that keeps ``level``. With fewer than six values not even the
    smallest and the largest reach 0.95; the interval is then the whole range, and its own
    ``level`` says so.
    """
    ordered = sorted(values)
    count = len(ordered)

    def covered(k: int) -> float:
        return 1 - 2 * sum(math.comb(count, i) for i in range(k)) / 2**count

    k = max([k for k in range(1, (count + 1) // 2 + 1) if covered(k) >= level], default=1)
    return Middle(statistics.median(ordered), ordered[k - 1], ordered[-k], max(0.0, covered(k)))
