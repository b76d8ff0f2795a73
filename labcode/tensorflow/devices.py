"""Where and how precisely TensorFlow computes: the best device there is, or the one asked for."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import keras
import tensorflow as tf

from labcode.errors import DeviceError

_POLICIES = {"float32": "float32", "bfloat16": "mixed_bfloat16"}


def available_devices() -> list[str]:
    """Devices that TensorFlow can use here, best first: ``cuda`` (also ROCm), ``mps``, ``cpu``.

    TensorFlow calls all of them ``GPU``; the names here are those of the PyTorch room.
    """
    if not tf.config.list_physical_devices("GPU"):
        return ["cpu"]
    return ["mps" if sys.platform == "darwin" else "cuda", "cpu"]


def select_device(name: str | None = None) -> tf.config.LogicalDevice:
    """The device called ``name``, or the best one; DeviceError when it is not there."""
    if isinstance(name, tf.config.LogicalDevice):
        return name
    devices = available_devices()
    kind, _, index = str(name or devices[0]).partition(":")
    if kind in devices and (index or "0").isdigit():
        found = tf.config.list_logical_devices("CPU" if kind == "cpu" else "GPU")
        if int(index or 0) < len(found):
            return found[int(index or 0)]
    raise DeviceError(
        f"TensorFlow finds no device {name!r} here, only {devices}. "
        "Leave the device out to use the best one, or see the set-up chapter."
    )


def synchronize(device: tf.config.LogicalDevice) -> None:
    """Wait until ``device`` has finished its queue; a CPU has none."""
    if device.device_type == "GPU":
        tf.test.experimental.sync_devices()


def peak_device_memory(device: tf.config.LogicalDevice) -> int | None:
    """The most bytes of ``device``'s own memory that tensors have held; None where it has none."""
    if device.device_type != "GPU" or sys.platform == "darwin":
        return None
    return tf.config.experimental.get_memory_info(device.name.removeprefix("/device:"))["peak"]


@contextmanager
def true_float32() -> Iterator[None]:
    """Keep float32 convolutions and matrix products out of TensorFloat-32 within the block.

    TensorFlow rounds both to TensorFloat-32's ten bits by default on recent GPUs.
    """
    before = tf.config.experimental.tensor_float_32_execution_enabled()
    tf.config.experimental.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        tf.config.experimental.enable_tensor_float_32_execution(before)


@contextmanager
def autocast(model: keras.Model, precision: str) -> Iterator[None]:
    """Let ``model``'s layers compute in ``precision`` within the block; its variables stay float32.

    What ``torch.autocast`` is to PyTorch. Keras fixes the precision of a layer when it is built;
    its policy is read at each call, so it can be lent for the time of one.
    """
    before = [layer.dtype_policy for layer in model.layers]
    for layer in model.layers:
        layer.dtype_policy = _POLICIES[precision]
    try:
        yield
    finally:
        for layer, policy in zip(model.layers, before, strict=True):
            layer.dtype_policy = policy
