"""Who is blind after a hundred steps: ``collapse.MEASURE.INITIALISER.WAY`` over all seeds of both
frameworks.

A way is ``adam`` (rate 1e-3), ``gentle`` (Adam at 1e-4), ``sgd`` or ``twice`` (Adam on a softmax
taken twice). A measure is ``runs``, ``collapsed`` (how many), ``dead`` and ``dead-before`` (mean
share of dead units in the last convolution, at the end and at the start), ``varies`` and
``varies-before`` (median), ``gradient-fell`` (median at the start over median at the end, first
convolution). ``collapse.maps.INITIALISER.LAYER`` is the mean size of the maps before the first
step, and ``collapse.long.WAY.loss`` the mean loss at the end of the long runs.
"""

import statistics
from collections.abc import Callable

from labcode.experiments import analysis
from labcode.experiments.analysis import Case
from labcode.experiments.quantities import Results, quantity
from labcode.experiments.results import Result
from labcode.toycnn import LAYERS

DEEP, FIRST = "conv2d_5", "conv2d"
STEPS = 100
WAYS = {
    "adam": ("adam", 1e-3, "logits"),
    "gentle": ("adam", 1e-4, "logits"),
    "sgd": ("sgd", 1e-2, "logits"),
    "twice": ("adam", 1e-3, "softmax-twice"),
}
TRIED = [
    ("pytorch-default", "adam"), ("glorot-uniform", "adam"), ("kaiming-uniform", "adam"),
    ("pytorch-default", "gentle"), ("glorot-uniform", "gentle"),
    ("pytorch-default", "sgd"), ("glorot-uniform", "sgd"), ("kaiming-uniform", "twice"),
]  # fmt: skip


def case(results: Results, initialiser: str, way: str, longer: bool = False) -> Case:
    """The set-up's runs of a hundred steps, or those that went on."""
    wanted = (initialiser, *WAYS[way])
    for one in analysis.cases(results.study("collapse")):
        key = one.initialiser, one.optimizer, one.learning_rate, one.loss
        if key == wanted and (one.steps > STEPS) == longer:
            return one
    raise LookupError(f"no run of {initialiser}, {way}")


def middle(case: Case, measure: Callable[[dict], float], index: int) -> float:
    """The median over the runs of a measure of their probe ``index``."""
    return statistics.median(measure(run.outcome["probes"][index]) for run in case.every())


def _varies(probe: dict) -> float:
    return probe["varies"]


def _gradient(probe: dict) -> float:
    return probe["gradient"][FIRST]


def _dead(case: Case, index: int) -> float:
    return statistics.fmean(run.outcome["probes"][index]["dead"][DEEP] for run in case.every())


MEASURES: dict[str, Callable[[Case], float]] = {
    "runs": lambda case: len(case.every()),
    "collapsed": lambda case: sum(map(analysis.collapsed, case.every())),
    "dead": lambda case: _dead(case, -1),
    "dead-before": lambda case: _dead(case, 0),
    "varies": lambda case: middle(case, _varies, -1),
    "varies-before": lambda case: middle(case, _varies, 0),
    "gradient-fell": lambda case: middle(case, _gradient, 0) / middle(case, _gradient, -1),
}

for initialiser, way in TRIED:
    for name, measure in MEASURES.items():
        quantity(f"collapse.{name}.{initialiser}.{way}")(
            lambda results, told=(initialiser, way), measure=measure: measure(case(results, *told))
        )


def _first(results: Results, initialiser: str) -> list[Result]:
    return case(results, initialiser, "adam").every()


for initialiser in ("pytorch-default", "glorot-uniform", "kaiming-uniform"):
    for layer in (one.name for one in LAYERS if one.activation == "relu"):
        quantity(f"collapse.maps.{initialiser}.{layer.replace('_', '-')}")(
            lambda results, initialiser=initialiser, layer=layer: statistics.fmean(
                run.outcome["probes"][0]["maps"][layer] for run in _first(results, initialiser)
            )
        )
for way in ("adam", "gentle"):
    quantity(f"collapse.long.{way}.loss")(
        lambda results, way=way: statistics.fmean(
            run.outcome["probes"][-1]["loss"]
            for run in case(results, "glorot-uniform", way, longer=True).every()
        )
    )
