"""One training step as a function of nothing, for those who measure it."""

from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from labcode.recipe import Recipe
from labcode.tensorflow.batches import ResidentImages
from labcode.tensorflow.devices import select_device, true_float32
from labcode.tensorflow.training import make_loss, make_optimizer


def training_step(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    device: str | tf.config.LogicalDevice | None = None,
) -> Callable[[], tf.Tensor]:
    """A function that takes one step of ``recipe`` on ``images`` uint8 (N, 64, 64, 3).

    Forward, backward, update: always on the same batch, which waits on the device, since the
    arithmetic does not depend on the pixels. ``model`` changes with each call; its variables must
    have been made on the device. The function returns the loss before the update, still on the
    device. The first call traces the graph, which takes much longer.
    """
    device = select_device(device)
    batch = ResidentImages(images, labels, device)
    with tf.device(device.name):
        optimizer, loss_function = make_optimizer(model, recipe), make_loss(model, recipe)

    @tf.function
    def graph() -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss, _ = loss_function(batch.images, batch.labels)
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply(gradients, model.trainable_variables)
        return loss

    def step() -> tf.Tensor:
        with tf.device(device.name), true_float32():
            return graph()

    return step
