"""Where the arithmetic of a training step goes: each convolution's passes, against the peak."""

import importlib
from collections.abc import Callable
from functools import partial

import numpy as np

from labcode import provenance
from labcode.experiments.records import Passes
from labcode.profiles import SEED
from labcode.recipe import Recipe
from labcode.timing import measure
from labcode.toycnn import CLASSES, INPUT_SHAPE, LAYERS
from labcode.weights import initial_weights

CONVOLUTIONS = tuple(layer for layer in LAYERS if layer.kind == "conv")
PASSES = ("forward", "by-input", "by-weights")

NEEDED = tuple(
    (layer, one)
    for layer in CONVOLUTIONS
    for one in PASSES
    if not (layer is CONVOLUTIONS[0] and one == "by-input")
)
"""The passes of a training step: nobody needs the derivative by the images."""


def run(record: Passes, turn: Callable[[], None] | None = None) -> tuple[dict, None]:
    """The outcome, and None, since it needs no data set: the numbers do not change the time.

    Ten rounds; ``turn`` is called, and waits, before each. A round's ``peak`` is the rate of the
    best of five matrix products (MACs a second); ``step`` is the median time of three training
    steps in seconds, and ``seconds`` holds that of each pass of each convolution.
    """
    room = importlib.import_module(f"labcode.{record.framework}")
    device = room.select_device(record.device)
    wait = partial(room.synchronize, device)
    rng = np.random.default_rng(SEED)
    images = rng.integers(0, 256, (record.batch, *INPUT_SHAPE), dtype=np.uint8)
    labels = rng.integers(0, CLASSES, record.batch)
    weights = initial_weights("kaiming-uniform")
    model = room.build_model(weights)
    step = room.training_step(
        model, images, labels, Recipe(batch_size=record.batch), device=record.device
    )
    work = {}
    for layer in CONVOLUTIONS:
        maps, upstream = (
            rng.random((record.batch, *shape), np.float32)
            for shape in (layer.input_shape, layer.output_shape)
        )
        kernel = weights[f"{layer.weights}_weights"]
        work[layer.weights] = room.convolution_passes(maps, kernel, upstream, device=record.device)
    peak, steps = [], []
    seconds = {name: {one: [] for one in PASSES} for name in work}
    for _ in range(10):
        if turn is not None:
            turn()
        peak.append(room.measure_peak(device=record.device, repeats=5).macs_per_second)
        steps.append(measure(step, wait, repeats=3, warmup=2).median)
        for name, passes in work.items():
            for one in PASSES:
                seconds[name][one].append(measure(passes[one], wait, repeats=3, warmup=1).median)
    memory = {"host_peak_bytes": provenance.peak_memory_bytes()}
    return {"peak": peak, "step": steps, "seconds": seconds, "memory": memory}, None
