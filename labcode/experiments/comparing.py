"""Runs compared on equal terms: which belong together, ratios pair by pair, medians, intervals.

Pure functions over results: of the studies ``speed``, ``latency``, ``passes`` and ``accuracy``.
"""

import json
import statistics
from collections.abc import Iterable, Sequence
from datetime import datetime

from labcode.errors import ExperimentError
from labcode.experiments import records, settings
from labcode.experiments.analysis import Sample, complete, last
from labcode.experiments.results import Result
from labcode.frameworks import FRAMEWORKS

Way = tuple[str, str]
"""A framework, and the form in which it computed: ``("pytorch", "labcode, compiled")``."""

Turns = dict[Way, Result]
"""Runs that took turns with each other, one for each way."""


Pair = dict[str, Result]
"""Two runs that differ in nothing but the framework, each by its framework."""

SETTINGS = {
    "batch-32": (32, 20),
    "batch-64": (64, 20),
    "batch-128": (128, 20),
    "epochs-3": (32, 3),
    "epochs-10": (32, 10),
    "epochs-100": (32, 100),
}
"""What the lab asks to be compared: name -> batch size and epochs."""


def speed(results: Iterable[Result], **scope: str) -> list[Turns]:
    """The study ``speed`` in its groups, one a seed; for ``scope`` see ``analysis.complete``."""
    return in_turns(complete(results, "speed", **scope).values())


def latency(results: Iterable[Result], **scope: str) -> dict[int, Turns]:
    """The study ``latency`` in its groups, by the number of images in a batch."""
    found = in_turns(complete(results, "latency", **scope).values())
    return {next(iter(group.values())).record["batch"]: group for group in found}


def passes(results: Iterable[Result], **scope: str) -> Turns:
    """The study ``passes``: each framework's way to call its operations."""
    (found,) = in_turns(complete(results, "passes", **scope).values())
    return found


def accuracy(results: Iterable[Result], **scope: str) -> list[Pair]:
    """The study ``accuracy`` in its pairs, one for each batch size and seed."""
    return twins(complete(results, "accuracy", **scope).values())


def way(result: Result) -> Way:
    """Framework and form of a run."""
    return way_of(result.record)


def way_of(record: dict) -> Way:
    """Framework and form of a record as a dict, with what its settings and its recipe add."""
    recipe = record.get("recipe", {})
    own, settings_of_process = settings.split(record["form"])
    words = [own, *settings_of_process]
    words += ["compiled"] if recipe.get("compile") else []
    words += [recipe["precision"]] if recipe.get("precision", "float32") != "float32" else []
    return record["framework"], ", ".join(words)


def check_fair(results: Sequence[Result]) -> Sequence[Result]:
    """``results`` themselves; ExperimentError names two that did not do the same work.

    Equal are the digests of the first weights and of the batches with their order, and the number
    of steps.
    """
    for what in ("initial_weights", "batches", "steps"):
        for result in results[1:]:
            one, other = (run.outcome["fairness"][what] for run in (results[0], result))
            if one != other:
                raise ExperimentError(
                    f"{_name(results[0])} and {_name(result)} cannot be compared: their {what} "
                    f"differ ({str(one)[:12]} and {str(other)[:12]})"
                )
    return results


def in_turns(results: Iterable[Result]) -> list[Turns]:
    """Groups of runs that took turns: of training those with equal batch size and seed, of latency
    and passes those with equal batch size.

    Raises ExperimentError when a group did not do the same work (``check_fair``), did not take
    turns on one machine, or lacks a way that another group has.
    """
    found: dict[tuple, Turns] = {}
    for result in results:
        recipe = result.record.get("recipe", {})
        key = recipe.get("batch_size", result.record.get("batch")), recipe.get("seed", 0)
        found.setdefault(key, {})[way(result)] = result
    if not found:
        raise ExperimentError("there are no results to compare")
    groups = [found[key] for key in sorted(found)]
    every = {each for group in groups for each in group}
    for group in groups:
        runs = list(group.values())
        if runs[0].record["kind"] == "training":
            check_fair(runs)
        _check_turns(runs)
        if lacking := every - set(group):
            words = ", ".join(" ".join(each) for each in sorted(lacking))
            raise ExperimentError(f"beside {_name(runs[0])} there is no run of {words}")
    return groups


def twins(results: Iterable[Result]) -> list[Pair]:
    """Pairs of runs whose records differ in nothing but the framework.

    Raises ExperimentError when a run has no twin, or the two did not do the same work.
    """
    found: dict[str, Pair] = {}
    for result in results:
        rest = {key: value for key, value in result.record.items() if key != "framework"}
        found.setdefault(json.dumps(rest, sort_keys=True), {})[result.record["framework"]] = result
    for pair in found.values():
        if len(pair) != len(FRAMEWORKS):
            (alone,) = pair.values()
            raise ExperimentError(f"{_name(alone)} has no twin in the other framework")
        check_fair(list(pair.values()))
    return list(found.values())


def rounds(result: Result) -> list[float]:
    """What a run has taken in each of its turns, in seconds; a training's first epoch is left out.

    The first epoch traces, compiles and fills caches; ``preparation`` tells it.
    """
    if result.record["kind"] == "latency":
        return list(result.outcome["seconds"])
    return [epoch["train_seconds"] for epoch in result.outcome["history"]["epochs"][1:]]


def ratios(groups: Iterable[Turns], above: Way, below: Way) -> list[float]:
    """Time of ``above`` over that of ``below``, turn by turn in each group.

    What slows the machine for a while slows both turns of a pair, and leaves their ratio alone.
    """
    found = []
    for group in groups:
        pairs = zip(rounds(group[above]), rounds(group[below]), strict=True)
        found += [one / other for one, other in pairs]
    return found


def rates(groups: Iterable[Turns], way: Way) -> list[float]:
    """Images a second in each epoch but the first."""
    return [
        epoch["images_per_second"]
        for group in groups
        for epoch in group[way].outcome["history"]["epochs"][1:]
    ]


def idle(groups: Iterable[Turns], way: Way) -> list[float]:
    """Seconds that each epoch, the first too, waited after its last step; in no other time."""
    return [
        epoch.get("idle_seconds", 0.0)
        for group in groups
        for epoch in group[way].outcome["history"]["epochs"]
    ]


def ways(groups: Sequence[Turns], framework: str) -> list[Way]:
    """The ways of ``framework``, plain first, then by their median time, slowest first."""
    own = [each for each in groups[0] if each[0] == framework]
    return sorted(own, key=lambda each: (each[1] != "plain", -_time(groups, each)))


def fastest(groups: Sequence[Turns], framework: str) -> Way:
    """The way of ``framework`` with the lowest median time."""
    return min(ways(groups, framework), key=lambda each: _time(groups, each))


def preparation(result: Result) -> float:
    """Seconds of a training run that are neither epochs at their usual speed nor validation:
    making the trainer, tracing, compiling. The import and the data set are not in it, nor what an
    epoch idled away.
    """
    epochs = result.outcome["history"]["epochs"]
    parts = "train_seconds", "val_seconds", "idle_seconds"
    spent = sum(epoch.get(part, 0.0) for epoch in epochs for part in parts)
    times = result.outcome["times"]
    return max(0.0, times["whole_seconds"] - spent) + times["warm_up_seconds"]


def after(result: Result, epochs: int) -> dict:
    """The figures that a run of ``epochs`` epochs would have ended with.

    A run at a constant rate contains every shorter one; ExperimentError for any other schedule,
    and when the run is not that long.
    """
    history = result.outcome["history"]["epochs"]
    if _recipe(result)["schedule"] != "constant" or not 1 <= epochs <= len(history):
        raise ExperimentError(f"{_name(result)} contains no run of {epochs} epochs")
    return history[epochs - 1]


def best(result: Result, figure: str = "val_top1") -> dict:
    """The first epoch with the highest ``figure``, or with the lowest one of a loss."""
    sign = 1 if figure.endswith("loss") else -1
    return min(result.outcome["history"]["epochs"], key=lambda epoch: sign * epoch[figure])


def sample(
    pairs: Iterable[Pair], framework: str, batch_size: int, epochs: int, figure: str = "val_top1"
) -> Sample:
    """``figure`` after ``epochs`` epochs at one batch size, a value for each seed."""
    found = [
        after(pair[framework], epochs)[figure]
        for pair in pairs
        if _recipe(pair[framework])["batch_size"] == batch_size
    ]
    if not found:
        raise ExperimentError(f"there is no run of {framework} at batch size {batch_size}")
    return Sample(tuple(found))


def sample_of(groups: Iterable[Turns], way: Way, figure: str = "val_top1") -> Sample:
    """``figure`` of the last epoch of one way, a value for each group."""
    return Sample(tuple(last(group[way])[figure] for group in groups))


def _check_turns(runs: Sequence[Result]) -> None:
    """ExperimentError unless ``runs`` ran on one machine and at one time.

    Runs that take turns begin together, so none ends before another begins.
    """
    machines = {(run.provenance["cpu"], run.provenance["threads"]) for run in runs}
    ends = [datetime.fromisoformat(run.provenance["made"]) for run in runs]
    apart = (max(ends) - min(ends)).total_seconds()
    if len(machines) > 1 or apart > min(run.seconds for run in runs):
        raise ExperimentError(
            f"{_name(runs[0])} and the runs beside it did not take turns: they come from "
            f"{len(machines)} machine(s), and their ends are {apart:.0f} s apart; delete their "
            "results, and run the study again"
        )


def _time(groups: Sequence[Turns], way: Way) -> float:
    return statistics.median(second for group in groups for second in rounds(group[way]))


def _recipe(result: Result) -> dict:
    return result.record["recipe"]


def _name(result: Result) -> str:
    return records.name(records.from_dict(result.record))
