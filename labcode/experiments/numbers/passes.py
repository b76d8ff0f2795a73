"""Numbers of single operations, from the study ``passes``.

``passes.FRAMEWORK.FORM.MEASURE``: FORM as in the numbers of ``speed``, MEASURE one of ``MEASURES``.
"""

import statistics
from collections.abc import Callable

from labcode.experiments import comparing, records, studies
from labcode.experiments.comparing import Way
from labcode.experiments.numbers.speed import STEP_MACS, slug
from labcode.experiments.passes import NEEDED, PASSES
from labcode.experiments.quantities import Formula, Results, quantity
from labcode.experiments.results import Result


def share(run: Result) -> float:
    """A step's MACs a second over those of the peak, median of the rounds."""
    macs = run.record["batch"] * STEP_MACS
    rounds = zip(run.outcome["step"], run.outcome["peak"], strict=True)
    return statistics.median(macs / seconds / peak for seconds, peak in rounds)


def _in_passes(run: Result) -> float:
    """The passes' seconds over those of the step, median of the rounds."""
    columns = [run.outcome["seconds"][layer.weights][one] for layer, one in NEEDED]
    sums = map(sum, zip(*columns, strict=True))
    return statistics.median(a / b for a, b in zip(sums, run.outcome["step"], strict=True))


def pass_share(run: Result, of: str) -> float:
    """One pass's MACs a second, over all convolutions that need it, over the peak's."""
    layers = [layer for layer, one in NEEDED if one == of]
    macs = run.record["batch"] * sum(layer.macs for layer in layers)
    columns = [run.outcome["seconds"][layer.weights][of] for layer in layers]
    sums = map(sum, zip(*columns, strict=True))
    rounds = zip(sums, run.outcome["peak"], strict=True)
    return statistics.median(macs / seconds / peak for seconds, peak in rounds)


MEASURES: dict[str, Callable[[Result], float]] = {
    "peak": lambda run: statistics.median(run.outcome["peak"]) / 1e9,
    "step": lambda run: 1000 * statistics.median(run.outcome["step"]),
    "share": share,
    "headroom": lambda run: 1 / share(run),
    "in-passes": _in_passes,
}
MEASURES |= {one: lambda run, one=one: pass_share(run, one) for one in PASSES}
"""Billions of MACs a second; milliseconds; share of the peak, and how many times as fast the peak
is; share of a step's time that its convolutions take; share of the peak in each pass."""


def _formula(way: Way, measure: str) -> Formula:
    def formula(results: Results) -> float:
        return MEASURES[measure](comparing.passes(results.study("passes"))[way])

    return formula


for _record in studies.study("passes", "tiny-imagenet").records:
    _way = comparing.way_of(records.as_dict(_record))
    for _measure in MEASURES:
        quantity(f"passes.{_way[0]}.{slug(_way[1])}.{_measure}")(_formula(_way, _measure))
