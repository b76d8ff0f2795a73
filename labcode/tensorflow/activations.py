"""Every layer's map of some images, taken by a functional model that shares the layers."""

import keras
import numpy as np
import tensorflow as tf

from labcode.tensorflow.batches import ResidentImages, to_input
from labcode.tensorflow.devices import select_device, true_float32
from labcode.toycnn import LAYERS, Layer


def activations(
    model: keras.Model, images: np.ndarray, *, device: str | tf.config.LogicalDevice | None = None
) -> dict[str, np.ndarray]:
    """Layer name -> its map of ``images`` uint8 (N, 64, 64, 3), float32 (N, *layer.output_shape).

    In the order of ``toycnn.LAYERS`` and in canonical form: HWC, ReLU applied, flatten in HWC
    order, the last layer after its softmax. All images go through as one batch, in true float32;
    their maps take 1.4 MB an image. The model is not changed: the second one is made of its
    layers and computes with their variables.
    """
    device = select_device(device)
    outputs = [model.get_layer(layer.name).output for layer in LAYERS]
    taps = keras.Model(model.inputs, outputs)
    resident = ResidentImages(images, np.zeros(len(images)), device)
    with tf.device(device.name), true_float32():
        taken = taps(to_input(resident.images), training=False)
    return {
        layer.name: _canonical(layer, output) for layer, output in zip(LAYERS, taken, strict=True)
    }


def _canonical(layer: Layer, output: tf.Tensor) -> np.ndarray:
    if layer.activation == "softmax":
        output = tf.nn.softmax(output)
    return np.ascontiguousarray(tf.cast(output, tf.float32).numpy())
