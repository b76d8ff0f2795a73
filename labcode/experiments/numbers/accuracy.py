"""Numbers of accuracy on equal terms, from the study ``accuracy``.

``accuracy.SETTING.FRAMEWORK`` is the mean top-1 over the seeds after the last epoch of a SETTING,
one of ``comparing.SETTINGS``, and ``.spread`` after it the standard deviation;
``accuracy.SETTING.gap`` is PyTorch's mean less TensorFlow's, and ``.relative`` that as a share of
the larger mean. ``accuracy.best-epoch.FRAMEWORK`` and ``accuracy.lowest-loss-epoch.FRAMEWORK`` are
medians over the runs of 100 epochs, ``accuracy.memorised.FRAMEWORK`` their last top-1 in training.
``accuracy.pairs`` counts those that did equal work, ``accuracy.largest-gap`` and
``accuracy.largest-spread`` are the largest of all settings, and ``accuracy.largest-error`` the
largest gap in standard errors of such a gap.
"""

import statistics
from collections.abc import Callable

from labcode.experiments import comparing
from labcode.experiments.analysis import Difference, Sample, difference
from labcode.experiments.comparing import SETTINGS, Pair
from labcode.experiments.quantities import Results, quantity
from labcode.frameworks import FRAMEWORKS

LONGEST = 100


def sample(pairs: list[Pair], setting: str, framework: str) -> Sample:
    """Top-1 of a setting, a value for each seed."""
    return comparing.sample(pairs, framework, *SETTINGS[setting])


def gap(pairs: list[Pair], setting: str) -> Difference:
    """PyTorch's mean less TensorFlow's."""
    return difference(*(sample(pairs, setting, framework) for framework in FRAMEWORKS))


def relative(pairs: list[Pair], setting: str) -> float:
    """The gap as a share of the larger of the two means."""
    larger = max(sample(pairs, setting, framework).mean for framework in FRAMEWORKS)
    return gap(pairs, setting).value / larger


def longest(pairs: list[Pair], framework: str) -> list:
    """The runs of 100 epochs."""
    runs = [pair[framework] for pair in pairs]
    return [run for run in runs if run.record["recipe"]["epochs"] == LONGEST]


def best_epoch(pairs: list[Pair], framework: str, figure: str) -> float:
    """The median over the seeds of the epoch with the best figure."""
    runs = longest(pairs, framework)
    return statistics.median(comparing.best(run, figure)["number"] for run in runs)


def memorised(pairs: list[Pair], framework: str) -> float:
    """Mean top-1 on the training images in the last of 100 epochs."""
    return statistics.fmean(
        comparing.after(run, LONGEST)["top1"] for run in longest(pairs, framework)
    )


def _register(name: str, take: Callable[[list[Pair]], float]) -> None:
    def formula(results: Results) -> float:
        return take(comparing.accuracy(results.study("accuracy")))

    quantity(f"accuracy.{name}")(formula)


for setting in SETTINGS:
    _register(f"{setting}.gap", lambda pairs, s=setting: gap(pairs, s).value)
    _register(f"{setting}.relative", lambda pairs, s=setting: relative(pairs, s))
    for key in FRAMEWORKS:
        _register(f"{setting}.{key}", lambda pairs, s=setting, f=key: sample(pairs, s, f).mean)
        _register(
            f"{setting}.{key}.spread", lambda pairs, s=setting, f=key: sample(pairs, s, f).deviation
        )
for key in FRAMEWORKS:
    _register(f"best-epoch.{key}", lambda pairs, f=key: best_epoch(pairs, f, "val_top1"))
    _register(f"lowest-loss-epoch.{key}", lambda pairs, f=key: best_epoch(pairs, f, "val_loss"))
    _register(f"memorised.{key}", lambda pairs, f=key: memorised(pairs, f))
_register("pairs", len)
_register("largest-gap", lambda pairs: max(abs(gap(pairs, s).value) for s in SETTINGS))
_register(
    "largest-spread",
    lambda pairs: max(sample(pairs, s, f).deviation for s in SETTINGS for f in FRAMEWORKS),
)
_register(
    "largest-error",
    lambda pairs: max(abs(gap(pairs, s).value) / gap(pairs, s).error for s in SETTINGS),
)
