"""What a benchmark claims, held against the ratios that it measured."""

import statistics
from collections.abc import Sequence

from labcode.timing import spread


def verdict(claim: str, values: Sequence[float], bound: float, at_least: bool = True) -> bool:
    """Print the median ratio against what is claimed; return whether it holds."""
    middle = statistics.median(values)
    holds = middle >= bound if at_least else middle <= bound
    sign = "at least" if at_least else "at most"
    word = "holds" if holds else "DOES NOT HOLD"
    print(f"  {claim}: {spread(values)} times; claimed: {sign} {bound:g}: {word}", flush=True)
    return holds
