"""Made-up results of the studies about speed and accuracy, in which the truth is known.

Each way has its own speed, ``SECONDS``; the machine slows down and speeds up, all ways alike, so
that only paired ratios find the truth exactly.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from labcode.experiments import records, results, studies
from labcode.experiments.passes import CONVOLUTIONS, PASSES
from labcode.experiments.records import Latency, Passes, Record
from labcode.experiments.results import Result

SECONDS = {
    ("pytorch", "plain"): 4.0,
    ("pytorch", "plain, kept-memory"): 3.5,
    ("pytorch", "channels-last"): 2.5,
    ("pytorch", "channels-last, kept-memory"): 2.2,
    ("pytorch", "labcode"): 2.0,
    ("pytorch", "labcode, kept-memory"): 1.9,
    ("pytorch", "labcode, compiled"): 1.6,
    ("tensorflow", "plain"): 3.0,
    ("tensorflow", "plain, onednn"): 2.6,
    ("tensorflow", "eager"): 6.0,
    ("tensorflow", "steps-per-execution"): 2.9,
    ("tensorflow", "labcode"): 2.5,
    ("tensorflow", "labcode, onednn"): 2.4,
    ("tensorflow", "labcode, compiled"): 2.5,
    ("pytorch", "compiled"): 1.0,
    ("tensorflow", "graph"): 1.5,
    ("tensorflow", "graph, onednn"): 1.3,
    ("tensorflow", "compiled"): 1.2,
}
"""Seconds of a training epoch, or milliseconds of an inference, on a machine that is at rest."""

START = datetime(2026, 11, 1, 12, tzinfo=UTC)
DATA = "tiny-imagenet"


def way(record: Record) -> tuple[str, str]:
    compiled = isinstance(record, records.Training) and record.recipe.compile
    return record.framework, record.form.replace("+", ", ") + (", compiled" if compiled else "")


def weather(seed: int, turn: int) -> float:
    """How much slower the machine is in a turn: the same for all that take it."""
    return 1 + 0.4 * ((7 * seed + 3 * turn) % 5)


def training(record: records.Training) -> Result:
    """A run whose top-1 rises to 40 % at epoch 40 and falls again; TensorFlow's is 1 % lower."""
    recipe = record.recipe
    steps = record.view.classes * record.view.per_class // recipe.batch_size
    epochs = []
    for number in range(1, recipe.epochs + 1):
        seconds = SECONDS[way(record)] * weather(recipe.seed, number)
        top1 = 0.4 - abs(number - 40) / 200 - 0.01 * (record.framework == "tensorflow")
        top1 += 0.02 * (recipe.seed - 1) + 0.0001 * recipe.batch_size
        epochs.append({
            "number": number,
            "loss": 2.3 / number,
            "top1": min(1.0, number / 50),
            "val_loss": 2.0 + abs(number - 15) / 50,
            "val_top1": top1,
            "val_top5": top1 + 0.4,
            "val_top10": 1.0,
            "train_seconds": seconds + (5.0 if number == 1 else 0.0),
            "val_seconds": 0.5,
            "images_per_second": record.view.classes * record.view.per_class / seconds,
            "steps": number * steps,
            "batches": f"seed {recipe.seed} batch {recipe.batch_size} epoch {number}",
        })  # fmt: skip
    later = sorted(epoch["train_seconds"] for epoch in epochs[1:])
    outcome = {
        "history": {"epochs": epochs},
        "fairness": {
            "initial_weights": f"weights of {record.initialiser} {recipe.seed}",
            "batches": epochs[-1]["batches"],
            "steps": epochs[-1]["steps"],
        },
        "times": {
            "warm_up_seconds": 5.0,
            "epoch_seconds": later[len(later) // 2],
            "training_seconds": sum(epoch["train_seconds"] for epoch in epochs),
            "whole_seconds": sum(e["train_seconds"] + e["val_seconds"] for e in epochs) + 2.0,
            "import_seconds": 3.0,
            "set_up_seconds": 1.0,
        },
        "throughput": {"images_per_second": 100.0, "low": 90.0, "high": 110.0},
        "memory": {"host_peak_bytes": int(SECONDS[way(record)] * 2**28), "device_peak_bytes": None},
        "utilisation": {"cpu": 0.9},
        "energy": {"reason": "not measurable here: made up"},
    }
    return result(record, outcome, seed=recipe.seed)


def latency(record: Latency) -> Result:
    """Ten rounds; a batch takes its way's milliseconds for each image."""
    base = SECONDS[way(record)] * record.batch / 1000
    seconds = [base * weather(record.batch, turn) for turn in range(10)]
    middle = sorted(seconds)[5]
    outcome = {"seconds": seconds, "median": middle, "low": min(seconds), "high": max(seconds)}
    return result(record, outcome | {"images_per_second": record.batch / middle})


def passes(record: Passes) -> Result:
    """A peak of 100 GMAC/s; each pass needs its way's seconds for as many times 10 GMAC."""
    peak = [1e11 / weather(0, turn) for turn in range(10)]
    each = {layer.weights: SECONDS[way(record)] * layer.macs / 1e10 for layer in CONVOLUTIONS}
    seconds = {
        name: {one: [record.batch * base * weather(0, turn) for turn in range(10)]
               for one in PASSES}
        for name, base in each.items()
    }  # fmt: skip
    needed = 3 * sum(each.values()) - each[CONVOLUTIONS[0].weights]
    step = [2 * record.batch * needed * weather(0, turn) for turn in range(10)]
    return result(record, {"peak": peak, "step": step, "seconds": seconds})


def result(record: Record, outcome: dict, seed: int = 0) -> Result:
    provenance = dict.fromkeys(results.PROVENANCE, "made up")
    provenance |= {
        "made": (START + timedelta(hours=seed)).isoformat(timespec="seconds"),
        "cpu": "a processor that nobody sells",
        "cores": 2,
        "threads": 2,
        "beside": 0,
        "commit": "0123456789abcdef",
        "dirty": False,
        "device": {"class": "cpu", "name": "made up", "driver": None},
        "versions": {"numpy": "2"},
        "dataset": {"name": DATA, "digest": "fedcba9876543210" * 4},
        "seed": seed,
    }
    return Result(records.as_dict(record), "ok", outcome, None, provenance, 100.0)


def study(name: str) -> list[Result]:
    """All results of ``speed``, ``latency``, ``passes`` or ``accuracy``."""
    kinds = {"training": training, "latency": latency, "passes": passes}
    return [kinds[record.kind](record) for record in studies.study(name, DATA).records]


def write(folder: Path, *names: str) -> Path:
    """The results of these studies as files; ``folder`` itself."""
    for name in names:
        for one in study(name):
            results.save(one, name, folder)
    return folder
