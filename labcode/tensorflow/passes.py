"""The three passes of a convolution in training, each by itself, for those who measure them."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from labcode.tensorflow.devices import select_device, true_float32

_VALID = {"strides": [1, 1, 1, 1], "padding": "VALID"}


def convolution_passes(
    maps: np.ndarray, kernel: np.ndarray, upstream: np.ndarray, *, device=None
) -> dict[str, Callable[[], tf.Tensor]]:
    """``forward``, ``by-input`` and ``by-weights``, each a function of nothing.

    ``maps`` (N, H, W, C) are the layer's input, ``kernel`` is (H, W, I, O), ``upstream`` the
    derivative of the loss by its output; all float32. They wait on the device, and the results come
    in the same order: maps (N, H, W, C), the derivative by ``maps``, and that by ``kernel``. Stride
    1, no padding, no bias; each pass is a graph, as in ``fit``, and does ``Layer.macs``
    multiply-accumulates an image.
    """
    device = select_device(device)
    with tf.device(device.name):
        x, w, above = (tf.constant(array, tf.float32) for array in (maps, kernel, upstream))
    raw = tf.raw_ops
    work = {
        "forward": lambda: raw.Conv2D(input=x, filter=w, **_VALID),
        "by-input": lambda: raw.Conv2DBackpropInput(
            input_sizes=tf.shape(x), filter=w, out_backprop=above, **_VALID
        ),
        "by-weights": lambda: raw.Conv2DBackpropFilter(
            input=x, filter_sizes=tf.shape(w), out_backprop=above, **_VALID
        ),
    }
    return {name: _guarded(tf.function(each), device) for name, each in work.items()}


def _guarded(work: Callable[[], tf.Tensor], device) -> Callable[[], tf.Tensor]:
    def run() -> tf.Tensor:
        with tf.device(device.name), true_float32():
            return work()

    return run
