"""One framework's trainer against a bare loop, and against the report's own way of training.

``python -m labcode.benchmarks.training pytorch`` runs in a process of its own, so that the
frameworks' thread pools and memory do not meet.
"""

import importlib
import sys
import time
from dataclasses import replace

import numpy as np

from labcode.benchmarks.verdict import verdict
from labcode.data import Dataset, open_dataset
from labcode.frameworks import FRAMEWORKS
from labcode.recipe import Recipe
from labcode.timing import interleave, ratios, spread
from labcode.weights import initial_weights


def trainer_against_bare_loop(framework: str, rounds: int) -> bool:
    """Throughput of ``train`` with shuffling, metrics and progress over that of bare steps.

    Both work on the same synthetic images, resident on the device. The trainer's figure is its
    second epoch's, so that neither side counts tracing or compiling.
    """
    room, benchmark = _room(framework)
    holds = True
    for precision, steps in (("float32", 20), ("bfloat16", 60)):
        recipe = Recipe(epochs=2, batch_size=64, precision=precision)
        data = synthetic(steps * recipe.batch_size)

        def trainer(_: int, recipe=recipe, data=data) -> float:
            model = room.build_model(initial_weights())
            return room.train(model, data, recipe).epochs[-1].images_per_second

        def bare(_: int, recipe=recipe, data=data, steps=steps) -> float:
            model = room.build_model(initial_weights())
            return benchmark.bare_loop(model, data, recipe, steps)

        figures = interleave({"bare": bare, "trainer": trainer}, rounds)
        print(
            f"{FRAMEWORKS[framework].label}, {precision}, batch 64, {steps} steps, {rounds} rounds"
        )
        print("  bare loop:", spread(figures["bare"], ",.0f"), "images/s")
        print("  trainer:  ", spread(figures["trainer"], ",.0f"), "images/s")
        holds &= verdict(
            "trainer over bare loop", ratios(figures["trainer"], figures["bare"]), 0.95
        )
    return holds


def fastest_against_report(framework: str, rounds: int, epochs: int = 8) -> bool:
    """Time and accuracy of our fastest recipe and of the report's own way, equal budgets.

    Both start from equal weights and take as many epochs on 20 classes of 100 images; a round is a
    seed. Ours counts the whole call of ``train`` but for the validation, which theirs has not.
    The report's way reads the image folder in every epoch; see each room's ``report_way``.
    """
    room, benchmark = _room(framework)
    data = open_dataset().subset(classes=20, per_class=100)
    top1: dict[str, list[float]] = {"fastest": [], "report": []}

    def recipe(number: int, precision: str) -> Recipe:
        return Recipe(epochs=epochs, batch_size=32, precision=precision, seed=100 + number)

    def keep(name: str, number: int, value: float) -> None:
        if number >= 0:
            top1[name].append(value)

    def fastest(number: int) -> float:
        model = room.build_model(initial_weights(seed=100 + number))
        start = time.perf_counter()
        history = room.train(model, data, recipe(number, "bfloat16"), progress=False)
        seconds = time.perf_counter() - start - sum(history.column("val_seconds"))
        keep("fastest", number, room.evaluate(model, data.val).top1)
        return seconds

    def report(number: int) -> float:
        model = room.build_model(initial_weights(seed=100 + number))
        seconds = benchmark.report_way(model, data, recipe(number, "float32"))
        keep("report", number, room.evaluate(model, data.val).top1)
        return seconds

    figures = interleave({"report": report, "fastest": fastest}, rounds, warmup=0)
    print(
        f"{FRAMEWORKS[framework].label}, {data.name}: {epochs} epochs of "
        f"{len(data.train):,} images, batch 32, {rounds} seeds"
    )
    for name in ("report", "fastest"):
        mean, deviation = np.mean(top1[name]), np.std(top1[name], ddof=1) if rounds > 1 else 0
        print(
            f"  {name:8} {spread(figures[name], ',.1f')} s, "
            f"val top-1 {mean:.1%}, standard deviation {deviation:.1%}"
        )
    quick = verdict("report's time over ours", ratios(figures["report"], figures["fastest"]), 2)
    difference = np.mean(top1["fastest"]) - np.mean(top1["report"])
    # Two standard errors of the difference of two means.
    noise = 2 * np.sqrt((np.var(top1["fastest"]) + np.var(top1["report"])) / max(1, rounds - 1))
    equal = bool(difference >= -noise)
    print(
        f"  our top-1 less the report's: {difference:+.2%}, two standard errors {noise:.2%}: "
        f"{'as good' if equal else 'WORSE'}"
    )
    return quick and equal


def synthetic(images: int, seed: int = 0) -> Dataset:
    """The opened data set with ``images`` random training images and 64 to validate on."""
    rng = np.random.default_rng(seed)
    base = open_dataset()

    def split(like, count):
        new = like.take(np.zeros(count, np.int64))
        new.images = rng.integers(0, 256, (count, 64, 64, 3), dtype=np.uint8)
        new.labels = rng.integers(0, 200, count)
        return new

    return replace(base, train=split(base.train, images), val=split(base.val, 64))


def _room(framework: str):
    room = importlib.import_module(f"labcode.{framework}")
    return room, importlib.import_module(f"labcode.{framework}.benchmark")


if __name__ == "__main__":
    name, rounds = sys.argv[1], int(sys.argv[2])
    parts = {"trainer": trainer_against_bare_loop, "report": fastest_against_report}
    results = [parts[part](name, rounds) for part in sys.argv[3:]]
    sys.exit(0 if all(results) else 3)
