"""Inference measured: the same logits of the same images, in one form of one framework."""

import importlib
import statistics
import time
from collections.abc import Callable

import numpy as np

from labcode import provenance
from labcode.experiments import settings
from labcode.experiments.records import Latency
from labcode.profiles import SEED
from labcode.timing import measure
from labcode.weights import initial_weights


def run(record: Latency, turn: Callable[[], None] | None = None) -> tuple[dict, None]:
    """The outcome, and None, since it needs no data set: the pixels do not change the time.

    Ten rounds of ``repeats`` runs; ``turn`` is called, and waits, before each. ``seconds`` are the
    rounds' medians, of one run each; ``logits`` is their mean over the batch, to be compared.
    """
    room = importlib.import_module(f"labcode.{record.framework}")
    rng = np.random.default_rng(SEED)
    images = rng.integers(0, 256, (record.batch, 64, 64, 3), dtype=np.uint8)
    form, weights = settings.split(record.form)[0], initial_weights("kaiming-uniform")
    work = room.inference(form, weights, images, device=record.device)
    start = time.perf_counter()
    logits = work()
    first = time.perf_counter() - start
    rounds = []
    for _ in range(10):
        if turn is not None:
            turn()
        rounds.append(measure(work, repeats=record.repeats, warmup=2).median)
    outcome = {
        "seconds": rounds,
        "median": statistics.median(rounds),
        "low": min(rounds),
        "high": max(rounds),
        "first_seconds": first,
        "images_per_second": record.batch / statistics.median(rounds),
        "logits": [float(value) for value in logits.mean(axis=0)[:10]],
        "memory": {"host_peak_bytes": provenance.peak_memory_bytes()},
    }
    return outcome, None
