"""Fair timing on a noisy machine: cases in turn, round after round, medians and paired ratios."""

import statistics
from collections.abc import Callable, Mapping, Sequence

Figures = dict[str, list[float]]


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


def verdict(claim: str, values: Sequence[float], bound: float, at_least: bool = True) -> bool:
    """Print the median ratio against what is claimed; return whether it holds."""
    middle = statistics.median(values)
    holds = middle >= bound if at_least else middle <= bound
    sign = "at least" if at_least else "at most"
    word = "holds" if holds else "DOES NOT HOLD"
    print(f"  {claim}: {spread(values)} times; claimed: {sign} {bound:g}: {word}", flush=True)
    return holds
