"""One training run, measured: curves, times, memory, what it saw, and how alive the network is."""

import hashlib
import importlib
import resource
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace

import numpy as np

from labcode import provenance
from labcode.data import Dataset, open_dataset
from labcode.energy import NotMeasurable, find_meter
from labcode.errors import ExperimentError
from labcode.experiments import settings
from labcode.experiments.records import Training, View
from labcode.history import Epoch
from labcode.recipe import Recipe
from labcode.toycnn import LAYERS
from labcode.weights import Weights, initial_weights

PROBE_IMAGES = 32


def open_view(view: View) -> Dataset:
    """The data that ``view`` names; DataError when the data set is not installed."""
    data = open_dataset(view.name).subset(view.classes, view.per_class)
    if len(data.train) != view.classes * view.per_class:
        raise ExperimentError(
            f"{data.title} has too few training images for {view.classes} x {view.per_class}; "
            "install all of it: labcode data add tiny-imagenet"
        )
    if view.val is not None and view.val < len(data.val):
        spread = np.linspace(0, len(data.val) - 1, view.val).astype(int)
        data = replace(data, val=data.val.take(spread))
    return data


def run(record: Training, turn: Callable[[], None] | None = None) -> tuple[dict, dict]:
    """The outcome and the data set's description; ``turn`` is called, and waits, before each epoch.

    Waiting is in no time or share of the outcome; energy is then not measured.
    """
    began, waited = time.perf_counter(), 0.0

    def wait() -> None:
        nonlocal waited
        if turn is not None:
            start = time.perf_counter()
            turn()
            waited += time.perf_counter() - start

    room = importlib.import_module(f"labcode.{record.framework}")
    device = room.select_device(record.device)
    imported = time.perf_counter()
    data = open_view(record.view)
    model = room.build_model(
        initial_weights(record.initialiser, record.recipe.seed), dropout=record.recipe.dropout
    )
    weights = digest_of(room.get_weights(model))
    probes = [_probe(room, model, data, record.recipe, 0)] if record.probe else []
    wait()

    def after(epoch: Epoch) -> None:
        if record.probe:
            probes.append(_probe(room, model, data, record.recipe, epoch.number))
        if epoch.number < record.recipe.epochs:
            wait()

    meter = NotMeasurable("the run took turns with others")
    if turn is None:
        meter = find_meter(record.device or room.available_devices()[0])
    set_up, waited = time.perf_counter() - imported - waited, 0.0
    cpu_before, start = _cpu_seconds(), time.perf_counter()
    with meter.measure() if meter else nullcontext() as energy:
        history = room.train_in_form(
            settings.split(record.form)[0],
            model,
            data,
            record.recipe,
            device=record.device,
            progress=False,
            on_epoch=after,
        )
    wall, cpu = time.perf_counter() - start - waited, _cpu_seconds() - cpu_before
    seconds = history.column("train_seconds")
    later = seconds[1:] or seconds
    rates = history.column("images_per_second")
    outcome = {
        "history": history.asdict(),
        "fairness": {
            "initial_weights": weights,
            "batches": history.epochs[-1].batches,
            "steps": history.epochs[-1].steps,
        },
        "times": {
            "import_seconds": imported - began,
            "set_up_seconds": set_up,
            "warm_up_seconds": max(0.0, seconds[0] - float(np.median(later))),
            "epoch_seconds": float(np.median(later)),
            "training_seconds": sum(seconds),
            "whole_seconds": wall,
        },
        "throughput": {
            "images_per_second": float(np.median(rates[1:] or rates)),
            "low": min(rates[1:] or rates),
            "high": max(rates[1:] or rates),
        },
        "memory": {
            "host_peak_bytes": provenance.peak_memory_bytes(),
            "device_peak_bytes": room.peak_device_memory(device),
        },
        "utilisation": {"cpu": cpu / (wall * provenance.cores())},
        "energy": {"joules": energy.joules, "watts": energy.watts}
        if energy
        else {"reason": str(meter)},
        "probes": probes,
    }
    return outcome, data.describe()


def digest_of(weights: Weights) -> str:
    """Hex SHA-256 of a canonical set of weights: equal digests, equal bits."""
    total = hashlib.sha256()
    for name, array in weights.items():
        total.update(name.encode())
        total.update(np.ascontiguousarray(array).tobytes())
    return total.hexdigest()


def _probe(room, model, data: Dataset, recipe: Recipe, epoch: int) -> dict:
    """How alive the network is: by layer, its maps and its gradients on a fixed batch.

    ``dead`` is the share of units (channels of a convolution, outputs of a dense layer) that are 0
    for every image at every position; ``zeros`` the share of values that are 0; ``maps`` the root
    mean square of the maps, and ``gradient`` that of the weights' gradients. ``varies`` is the
    standard deviation over the images of a class's logit, averaged over the classes: 0 means that
    the network answers the same whatever it sees.
    """
    chosen = np.linspace(0, len(data.train) - 1, PROBE_IMAGES).astype(int)
    images, labels = data.train.images[chosen], np.asarray(data.train.labels)[chosen]
    maps = room.activations(model, images)
    loss, gradients = room.gradients(model, images, labels, recipe)
    found = {"epoch": epoch, "loss": loss, "dead": {}, "zeros": {}, "maps": {}, "gradient": {}}
    for layer in LAYERS:
        if layer.weights is None:
            continue
        found["gradient"][layer.name] = _rms(gradients[f"{layer.weights}_weights"])
        if layer.activation == "relu":
            values = maps[layer.name]
            silent = (values == 0).all(axis=tuple(range(values.ndim - 1)))
            found["dead"][layer.name] = float(silent.mean())
            found["zeros"][layer.name] = float((values == 0).mean())
            found["maps"][layer.name] = _rms(values)
    logits = room.predict_logits(model, images)
    found["varies"] = float(logits.std(axis=0).mean())
    return found


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
