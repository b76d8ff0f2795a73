"""Numbers of time and memory, from the studies ``speed`` and ``latency``.

``speed.FRAMEWORK.FORM.MEASURE``: FORM is a form with hyphens (``labcode-compiled``), or ``best``,
the one with the lowest median time. MEASURE is one of ``MEASURES``. ``speed.FORM.saved`` of
``plain`` and ``best`` is the share of TensorFlow's time that PyTorch does without.
``speed.library.saved`` compares the plain forms with oneDNN below both.
``latency.BATCH.FRAMEWORK.FORM.MEASURE`` (one of ``INFERENCE``) and ``latency.BATCH.FORM.saved`` are
the same of inference. ``speed.tensorflow.graph-gain`` and ``latency.BATCH.tensorflow.graph-gain``
are the time of eager execution over that of a graph.
"""

import statistics
from collections.abc import Callable

from labcode.experiments import comparing, records, studies
from labcode.experiments.analysis import difference
from labcode.experiments.comparing import Turns, Way
from labcode.experiments.quantities import Formula, Results, quantity
from labcode.experiments.results import Result
from labcode.frameworks import FRAMEWORKS
from labcode.toycnn import LAYERS, MACS

Measure = Callable[[list[Turns], Way], float]
BEST = "best"


def slug(form: str) -> str:
    """``labcode, compiled`` as it stands in a name."""
    return form.replace(", ", "-")


def find(groups: list[Turns], framework: str, form: str) -> Way:
    """The way that ``form``, as it stands in a name, means."""
    if form == BEST:
        return comparing.fastest(groups, framework)
    return next(way for way in comparing.ways(groups, framework) if slug(way[1]) == form)


def gain(groups: list[Turns], way: Way) -> float:
    """Time of the plain form over that of this one."""
    return statistics.median(comparing.ratios(groups, (way[0], "plain"), way))


def saved(groups: list[Turns], form: str) -> float:
    """The share of TensorFlow's time that PyTorch does without; negative when it needs more."""
    torch, keras = (find(groups, framework, form) for framework in FRAMEWORKS)
    return 1 - statistics.median(comparing.ratios(groups, torch, keras))


def _median(take: Callable[[Result], float]) -> Measure:
    return lambda groups, way: statistics.median(take(group[way]) for group in groups)


STEP_MACS = 3 * MACS - LAYERS[0].macs
"""Of an image in a training step: forward, and two products as large backward, by the weights and
by the input, which the first layer does without."""

MEASURES: dict[str, Measure] = {
    "gmacs": lambda groups, way: statistics.median(comparing.rates(groups, way)) * STEP_MACS / 1e9,
    "rate": lambda groups, way: statistics.median(comparing.rates(groups, way)),
    "step": lambda groups, way: (
        groups[0][way].record["recipe"]["batch_size"]
        / statistics.median(comparing.rates(groups, way))
    ),
    "gain": gain,
    "memory": _median(lambda run: run.outcome["memory"]["host_peak_bytes"] / 2**20),
    "start": _median(comparing.preparation),
    "idle": lambda groups, way: max(comparing.idle(groups, way)),
    "busy": _median(lambda run: run.outcome["utilisation"]["cpu"]),
    "top1": lambda groups, way: comparing.sample_of(groups, way).mean,
    "spread": lambda groups, way: comparing.sample_of(groups, way).deviation,
    "top1-gained": lambda groups, way: (
        comparing.sample_of(groups, way).mean - comparing.sample_of(groups, (way[0], "plain")).mean
    ),
    "top1-error": lambda groups, way: (
        difference(
            comparing.sample_of(groups, way), comparing.sample_of(groups, (way[0], "plain"))
        ).error
    ),
}
MEASURES["top1-in-errors"] = lambda groups, way: (
    MEASURES["top1-gained"](groups, way) / MEASURES["top1-error"](groups, way)
)
"""Billions of MACs a second; images a second; seconds of a step; time of the plain form over this
one's; MiB at the peak; seconds before the usual speed; the most seconds that an epoch waited after
its last step; share of the cores' time; mean top-1 over the seeds, its standard deviation, and the
mean less the plain form's, with its standard error and as a multiple of it."""


def seconds(groups: list[Turns], way: Way) -> float:
    """Of an inference, the median of all rounds."""
    return statistics.median(second for group in groups for second in comparing.rounds(group[way]))


def inferred_gmacs(groups: list[Turns], way: Way) -> float:
    """Billions of MACs a second of an inference."""
    return groups[0][way].record["batch"] * MACS / seconds(groups, way) / 1e9


INFERENCE: dict[str, Measure] = {
    "ms": lambda groups, way: 1000 * seconds(groups, way),
    "gmacs": inferred_gmacs,
    "gain": gain,
}


def _training(framework: str, form: str, measure: str) -> Formula:
    def formula(results: Results) -> float:
        groups = comparing.speed(results.study("speed"))
        return MEASURES[measure](groups, find(groups, framework, form))

    return formula


def _inference(batch: int, framework: str, form: str, measure: str) -> Formula:
    def formula(results: Results) -> float:
        groups = [comparing.latency(results.study("latency"))[batch]]
        return INFERENCE[measure](groups, find(groups, framework, form))

    return formula


def _graph_gain(groups: list[Turns], graph: str) -> float:
    eager, graphed = ("tensorflow", "eager"), ("tensorflow", graph)
    return statistics.median(comparing.ratios(groups, eager, graphed))


def _saved_by_library(groups: list[Turns]) -> float:
    torch, keras = ("pytorch", "plain"), ("tensorflow", "plain, onednn")
    return 1 - statistics.median(comparing.ratios(groups, torch, keras))


def _forms(study: str) -> set[Way]:
    """The ways that a study declares, as they stand in names, and the best of each framework."""
    declared = studies.study(study, "tiny-imagenet").records
    ways = map(comparing.way_of, map(records.as_dict, declared))
    found = {(framework, slug(form)) for framework, form in ways}
    return found | {(framework, BEST) for framework in FRAMEWORKS}


for one, named in sorted(_forms("speed")):
    for what in MEASURES:
        quantity(f"speed.{one}.{named}.{what}")(_training(one, named, what))
quantity("speed.tensorflow.graph-gain")(
    lambda results: _graph_gain(comparing.speed(results.study("speed")), "plain")
)
quantity("speed.library.saved")(
    lambda results: _saved_by_library(comparing.speed(results.study("speed")))
)
for form in ("plain", BEST):
    quantity(f"speed.{form}.saved")(
        lambda results, form=form: saved(comparing.speed(results.study("speed")), form)
    )
    for size in (1, 100):
        quantity(f"latency.{size}.{form}.saved")(
            lambda results, form=form, size=size: saved(
                [comparing.latency(results.study("latency"))[size]], form
            )
        )
for size in (1, 100):
    quantity(f"latency.{size}.tensorflow.graph-gain")(
        lambda results, size=size: _graph_gain(
            [comparing.latency(results.study("latency"))[size]], "graph"
        )
    )
    for one, named in sorted(_forms("latency")):
        for what in INFERENCE:
            quantity(f"latency.{size}.{one}.{named}.{what}")(_inference(size, one, named, what))
