"""What recorded runs say together: which belong to each other, how far apart, and how surely.

Pure functions over results. A figure over several seeds is a ``Sample``; the uncertainty of a
difference is the standard error of the difference of two means.
"""

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from labcode.errors import ExperimentError
from labcode.experiments import records, studies
from labcode.experiments.records import Record, Training
from labcode.experiments.results import Result
from labcode.frameworks import FRAMEWORKS
from labcode.toycnn import CLASSES


@dataclass(frozen=True)
class Sample:
    """One figure of equal runs, a value for each seed."""

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        """The arithmetic mean."""
        return statistics.fmean(self.values)

    @property
    def deviation(self) -> float:
        """The standard deviation of a sample (divided by n - 1); 0 for a single value."""
        return statistics.stdev(self.values) if len(self.values) > 1 else 0.0

    @property
    def error(self) -> float:
        """The standard error of the mean: deviation / sqrt(n)."""
        return self.deviation / math.sqrt(len(self.values))


@dataclass(frozen=True)
class Difference:
    """A difference of means, and the standard error of it."""

    value: float
    error: float


@dataclass(frozen=True)
class Rung:
    """A pair of set-ups: ``switch`` is what was made equal last, ``runs`` are in order of seeds."""

    switch: str
    records: Mapping[str, Training]
    runs: Mapping[str, tuple[Result, ...]]

    def sample(self, framework: str, figure: str = "val_top1") -> Sample:
        """A figure of the last epoch, over the seeds; see ``labcode.history.Epoch``."""
        return Sample(tuple(last(run)[figure] for run in self.runs[framework]))

    def gap(self, figure: str = "val_top1") -> Difference:
        """PyTorch's mean minus TensorFlow's."""
        torch, keras = (self.sample(framework, figure) for framework in FRAMEWORKS)
        return difference(torch, keras)

    def deviation(self, figure: str = "val_top1") -> float:
        """The standard deviation over the seeds of one run, pooled over both frameworks."""
        found = [self.sample(framework, figure).deviation for framework in FRAMEWORKS]
        return math.sqrt(statistics.fmean(one**2 for one in found))

    def equal(self) -> dict[str, bool]:
        """Initial weights, batches and steps: are they equal to the bit, for every seed?"""
        pairs = list(zip(*self.runs.values(), strict=True))
        return {
            what: all(one.outcome["fairness"][what] == other.outcome["fairness"][what]
                      for one, other in pairs)
            for what in ("initial_weights", "batches", "steps")
        }  # fmt: skip


def last(run: Result) -> dict:
    """The figures of a training's last epoch."""
    return run.outcome["history"]["epochs"][-1]


def difference(a: Sample, b: Sample) -> Difference:
    """``a.mean - b.mean`` with its standard error, for independent samples of unequal spread."""
    return Difference(a.mean - b.mean, math.hypot(a.error, b.error))


def complete(
    results: Iterable[Result], study: str, data: str = "tiny-imagenet", scale: str = "small"
) -> dict[Record, Result]:
    """Record -> its result, for each record that the study declares, and in its order.

    Results of other data or another scale may lie beside them and are left out. ExperimentError
    when one is missing: a mean over those that happen to be there would pass for the study's.
    """
    found = {records.from_dict(result.record): result for result in results}
    wanted = studies.study(study, data, scale).records
    missing = [record for record in wanted if record not in found]
    if missing:
        raise ExperimentError(
            f"{len(missing)} of {len(wanted)} runs of the study {study!r} on {data} are missing, "
            f"the first is: {records.name(missing[0])}; run them with: "
            f"labcode experiment run {study} --data {data} --scale {scale}"
        )
    return {record: found[record] for record in wanted}


def ladder(results: Iterable[Result], **of: str) -> list[Rung]:
    """The rungs of the study ``ladder``, each with the runs of both frameworks.

    A run stands on every rung that left its side as it was. For ``of`` see ``complete``.
    """
    found = complete(results, "ladder", **of)
    first = next(iter(found))
    seeds = sorted({record.recipe.seed for record in found})

    def runs(record: Training) -> tuple[Result, ...]:
        return tuple(found[with_seed(record, seed)] for seed in seeds)

    return [
        Rung(
            switch,
            {record.framework: record for record in pair},
            {record.framework: runs(record) for record in pair},
        )
        for switch, pair in studies.rungs(first.view, first.recipe.epochs)
    ]


def with_seed(record: Training, seed: int) -> Training:
    """The same training with another seed."""
    return replace(record, recipe=replace(record.recipe, seed=seed))


def explained(before: Rung, after: Rung, figure: str = "val_top1") -> Difference:
    """By how much the gap falls from one rung to the next: PyTorch minus TensorFlow, so that a
    positive value is PyTorch's gain.

    Runs that stand on both rungs are the same ones: they cancel, and add no uncertainty.
    """
    value, variance = 0.0, 0.0
    for sign, framework in zip((1, -1), FRAMEWORKS, strict=True):
        if before.records[framework] == after.records[framework]:
            continue
        step = difference(after.sample(framework, figure), before.sample(framework, figure))
        value += sign * step.value
        variance += step.error**2
    return Difference(value, math.sqrt(variance))


def unequal(pair: Sequence[Training]) -> dict[str, tuple]:
    """What two trainings differ in: name of the field -> its two values; the framework left out."""
    flat = []
    for record in pair:
        fields = asdict(record)
        flat.append({**fields.pop("recipe"), **fields.pop("view"), **fields})
    one, other = flat
    return {
        key: (one[key], other[key])
        for key in one
        if one[key] != other[key] and key not in ("framework", "name")
    }


LN_CLASSES = math.log(CLASSES)
"""Cross-entropy in nats of a network that gives each class the same confidence: ln 200 = 5.298."""

KNOWS_NOTHING = 0.02
"""A loss this near to ``LN_CLASSES``, in nats, tells nothing of the classes."""

SEES_NOTHING = 5e-5
"""Logits that vary by less than this change a confidence by less than a ten-thousandth part."""


@dataclass(frozen=True)
class Case:
    """A set-up of the study ``collapse``, with its runs in both frameworks in order of seeds."""

    initialiser: str
    optimizer: str
    learning_rate: float
    loss: str
    steps: int
    runs: Mapping[str, tuple[Result, ...]]

    @property
    def label(self) -> str:
        """The set-up in a few words, without the number of steps."""
        way = f"{OPTIMISERS[self.optimizer]} {self.learning_rate:g}"
        twice = ", softmax twice" if self.loss == "softmax-twice" else ""
        return f"{self.initialiser}, {way}{twice}"

    def every(self) -> list[Result]:
        """The runs of both frameworks."""
        return [run for runs in self.runs.values() for run in runs]


OPTIMISERS = {"sgd": "SGD", "adam": "Adam", "adamw": "AdamW"}


def cases(results: Iterable[Result], **of: str) -> list[Case]:
    """The set-ups of the study ``collapse`` in the order in which it declares them."""
    found: dict[tuple, dict[str, list[Result]]] = {}
    for record, result in complete(results, "collapse", **of).items():
        recipe = record.recipe
        steps = result.outcome["fairness"]["steps"]
        key = record.initialiser, recipe.optimizer, recipe.learning_rate, recipe.loss, steps
        found.setdefault(key, {}).setdefault(record.framework, []).append(result)
    return [
        Case(*key, {framework: tuple(runs) for framework, runs in by.items()})
        for key, by in found.items()
    ]


def collapsed(run: Result) -> bool:
    """Whether a run ended blind: it knows nothing of the classes, and sees nothing of the images.

    Its validation loss lies within ``KNOWS_NOTHING`` of ``LN_CLASSES``, and its logits vary by less
    than ``SEES_NOTHING`` from image to image.
    """
    knows_nothing = abs(last(run)["val_loss"] - LN_CLASSES) < KNOWS_NOTHING
    return knows_nothing and run.outcome["probes"][-1]["varies"] < SEES_NOTHING
