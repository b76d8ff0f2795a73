"""Where TensorFlow spends a forward pass, by its profiler; the device's peaks; MACs as counted."""

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from tensorflow.tsl.profiler.protobuf.xplane_pb2 import XSpace

from labcode.profiling import Profile, Run, collect
from labcode.roofline import Peak
from labcode.tensorflow.batches import ResidentImages, to_input
from labcode.tensorflow.devices import select_device, synchronize, true_float32
from labcode.timing import measure
from labcode.toycnn import LAYERS
from labcode.trace import write_trace
from labcode.xplane import read_run, to_trace


def profile_layers(
    model: keras.Model,
    images: np.ndarray,
    *,
    repeats: int = 15,
    device: str | tf.config.LogicalDevice | None = None,
    trace: str | Path | None = None,
) -> Profile:
    """Time of each layer for ``images`` uint8 (N, 64, 64, 3) as one batch, and of the whole pass.

    From float32 inputs that lie on the device to logits that lie there, in true float32 and as one
    graph; plain and profiled runs take turns, ``repeats`` of each. On a CPU a layer's time is that
    of its operations, on a GPU that of its kernels. ``trace`` names a ``.json.gz`` file for the
    trace of the last run. Raises ProfileError for a profile that makes no sense.
    """
    device = select_device(device)
    resident = ResidentImages(images, np.zeros(len(images)), device)
    spaces: list[XSpace] = []

    with tf.device(device.name), true_float32():
        inputs = to_input(resident.images)
        forward = _scoped(model, inputs)

        def plain() -> float:
            return measure(
                lambda: forward(inputs), lambda: synchronize(device), repeats=1, warmup=0
            ).total

        def profiled() -> Run:
            seconds, space = _profile(plain)
            spaces[:] = [space]
            return read_run(space, seconds, on_gpu=device.device_type == "GPU")

        kind = device.device_type.lower().replace("gpu", "cuda")
        found = collect(plain, profiled, batch=len(images), device=kind, repeats=repeats)
    if trace is not None:
        write_trace(trace, to_trace(spaces[0]))
    return found


def measure_peak(*, device: str | tf.config.LogicalDevice | None = None, repeats: int = 15) -> Peak:
    """Float32 MACs and bytes per second of ``device``: the best of ``repeats`` runs of each.

    MACs from a square matrix product, bytes from adding one large array to another in place, which
    reads two numbers and writes one.
    """
    device = select_device(device)
    # A small product fits between two interruptions of a busy machine; a GPU needs a large one.
    sizes = (512, 1024) if device.device_type == "CPU" else (4096,)
    with tf.device(device.name), true_float32():
        # 256 MiB each: larger than the caches of most machines.
        x, y = tf.ones(1 << 26), tf.Variable(tf.ones(1 << 26))
        rates = []
        for size in sizes:
            a, b = (tf.random.uniform((size, size)) for _ in range(2))
            product = measure(lambda a=a, b=b: a @ b, lambda: synchronize(device), repeats)
            rates.append(size**3 / product.low)
        add = measure(lambda: y.assign_add(x), lambda: synchronize(device), repeats)
    return Peak(max(rates), 3 * 4 * (1 << 26) / add.low)


def count_macs(model: keras.Model) -> dict[str, int]:
    """MACs of each layer for one image as TensorFlow's own counter finds them, biases left out.

    The counter goes through the operations of the graph and takes two floating-point operations
    for a MAC; a layer without products has 0.
    """
    graph = _scoped(model, tf.zeros((1, *model.input_shape[1:]))).graph
    products = {op.name for op in graph.get_operations() if op.type in ("Conv2D", "MatMul")}
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    logger = tf.get_logger()
    level = logger.level
    logger.setLevel(logging.ERROR)  # The counter calls a function that TensorFlow deprecates.
    try:
        nodes = tf.compat.v1.profiler.profile(
            graph, cmd="graph", options={**options, "output": "none", "max_depth": 1000}
        )
    finally:
        logger.setLevel(level)
    counts = {layer.name: 0 for layer in LAYERS}
    seen: set[str] = set()
    ahead = [nodes]
    while ahead:
        node = ahead.pop()
        ahead.extend(node.children)
        if node.name in products and node.name not in seen:
            seen.add(node.name)
            counts[node.name.split("/")[0]] += node.float_ops // 2
    return counts


def _scoped(model: keras.Model, inputs: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
    """The forward pass as one graph, each layer in a scope with its name; traced.

    A scope of our own, since TensorFlow numbers Keras' names on: ``conv2d`` becomes ``conv2d_1``.
    The slash at its end keeps it from being numbered, too.
    """

    @tf.function
    def forward(maps):
        for layer in model.layers:
            with tf.name_scope(layer.name.removesuffix("_dropout") + "/"):
                maps = layer(maps, training=False)
        return maps

    return forward.get_concrete_function(tf.TensorSpec(inputs.shape, inputs.dtype))


def _profile(run: Callable[[], float]) -> tuple[float, XSpace]:
    """The seconds that ``run`` returns, and what TensorFlow's profiler wrote meanwhile."""
    options = tf.profiler.experimental.ProfilerOptions(python_tracer_level=0)
    with tempfile.TemporaryDirectory() as folder:
        with tf.profiler.experimental.Profile(folder, options):
            seconds = run()
        written = next(Path(folder).rglob("*.xplane.pb"))
        return seconds, XSpace.FromString(written.read_bytes())
