"""Inference in TensorFlow: logits for any number of images, accuracy over exactly every one."""

from collections.abc import Callable
from functools import lru_cache

import keras
import numpy as np
import tensorflow as tf

from labcode import metrics
from labcode.batches import EVALUATION_BATCH
from labcode.data import Split
from labcode.metrics import Evaluation
from labcode.tensorflow.batches import ResidentImages, to_input
from labcode.tensorflow.devices import autocast, select_device, true_float32


def predict_logits(
    model: keras.Model,
    images: np.ndarray,
    *,
    batch_size: int = EVALUATION_BATCH,
    precision: str = "float32",
    device: str | tf.config.LogicalDevice | None = None,
) -> np.ndarray:
    """Logits float32 (N, 200) of ``images`` uint8 (N, 64, 64, 3), the last batch as it comes."""
    device = select_device(device)
    resident = ResidentImages(images, np.zeros(len(images)), device)
    return _logits(model, resident, batch_size, precision)


def evaluate(
    model: keras.Model,
    split: Split,
    *,
    batch_size: int = EVALUATION_BATCH,
    precision: str = "float32",
    device: str | tf.config.LogicalDevice | None = None,
) -> Evaluation:
    """Top-1, top-5, top-10 and loss over every image of ``split``, each exactly once."""
    logits = predict_logits(
        model, split.images, batch_size=batch_size, precision=precision, device=device
    )
    return metrics.evaluation(logits, split.labels)


def evaluate_resident(
    model: keras.Model, resident: ResidentImages, precision: str, batch_size: int = EVALUATION_BATCH
) -> Evaluation:
    """The same over images that already live on the device."""
    logits = _logits(model, resident, batch_size, precision)
    return metrics.evaluation(logits, resident.labels.numpy())


def _logits(
    model: keras.Model, resident: ResidentImages, batch_size: int, precision: str
) -> np.ndarray:
    with tf.device(resident.device.name), true_float32():
        forward = _forward(model, precision)
        pieces = [
            forward(resident.images[start : start + batch_size])
            for start in range(0, len(resident), batch_size)
        ]
        return tf.concat(pieces, axis=0).numpy()


@lru_cache(maxsize=4)
def _forward(model: keras.Model, precision: str) -> Callable[[tf.Tensor], tf.Tensor]:
    """The forward pass as one graph for every batch size, traced once for a model."""

    @tf.function(input_signature=[tf.TensorSpec([None, *model.input_shape[1:]], tf.uint8)])
    def forward(images):
        with autocast(model, precision):
            return tf.cast(model(to_input(images), training=False), tf.float32)

    # Traced by a call, the fifth model in a row would make TensorFlow warn of retracing.
    forward.get_concrete_function()
    return forward
