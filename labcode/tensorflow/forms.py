"""The same training and the same inference, written as a beginner writes it and as it runs fast."""

import time
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from labcode import loop
from labcode.batches import EpochPlan
from labcode.data import Dataset
from labcode.errors import RecipeError
from labcode.history import Epoch, History
from labcode.recipe import Recipe
from labcode.tensorflow.batches import ResidentImages, to_input
from labcode.tensorflow.devices import select_device, synchronize, true_float32
from labcode.tensorflow.model import build_model
from labcode.tensorflow.training import _Trainer, train
from labcode.weights import Weights

TRAINING_FORMS = {
    "plain": "Keras' fit over arrays of float32, with an accuracy metric",
    "eager": "the same with run_eagerly=True: no graph",
    "steps-per-execution": "fit with 50 steps to a call of the graph",
    "labcode": "labcode's trainer: resident bytes, many steps to a graph",
}
INFERENCE_FORMS = {
    "plain": "model.predict",
    "eager": "model(images), operation by operation",
    "graph": "the model inside a tf.function",
    "compiled": "the same with jit_compile=True (XLA)",
}
_STEPS_PER_EXECUTION = 50


def train_in_form(
    form: str,
    model: keras.Model,
    dataset: Dataset,
    recipe: Recipe,
    *,
    device: str | tf.config.LogicalDevice | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """``train``, computed in one of ``TRAINING_FORMS``: equal batches, equal steps, other speed.

    The forms other than ``labcode`` do what tutorials write, Adam in float32 at a constant rate;
    RecipeError names what else a recipe asks of them, and an unknown form.
    """
    if form not in TRAINING_FORMS:
        raise RecipeError(f"TensorFlow has no form {form!r}; choose from {list(TRAINING_FORMS)}")
    if form == "labcode":
        options = {"device": device, "checkpoint": checkpoint, "progress": progress}
        return train(model, dataset, recipe, **options, on_epoch=on_epoch)
    trainer = _FitTrainer(model, dataset, recipe, select_device(device))
    trainer.compile(form)
    images, digest = len(dataset.train.labels), dataset.digest
    return loop.run(trainer, images, digest, recipe, checkpoint, progress, on_epoch)


def inference(
    form: str,
    weights: Weights,
    images: np.ndarray,
    *,
    device: str | tf.config.LogicalDevice | None = None,
) -> Callable[[], np.ndarray]:
    """A function that computes the logits (N, 200) of ``images`` uint8 (N, 64, 64, 3) once more.

    The images wait on the device as float32; the logits come back to the host, so that the work
    has ended. The first calls compile, where the form does. RecipeError for an unknown form.
    """
    if form not in INFERENCE_FORMS:
        raise RecipeError(f"TensorFlow has no form {form!r}; choose from {list(INFERENCE_FORMS)}")
    device = select_device(device)
    with tf.device(device.name):
        model = build_model(weights)
        inputs = to_input(ResidentImages(images, np.zeros(len(images)), device).images)

    def call(batch):
        return model(batch, training=False)

    forward = call
    if form in ("graph", "compiled"):
        forward = tf.function(call, jit_compile=form == "compiled" or None)
    array = inputs.numpy()

    def run() -> np.ndarray:
        with tf.device(device.name), true_float32():
            if form == "plain":
                logits = model.predict(array, batch_size=len(array), verbose=0)
            else:
                logits = forward(inputs).numpy()
        synchronize(device)
        return logits

    return run


class _Clock(keras.callbacks.Callback):
    """Notes when the last step of an epoch has ended."""

    def on_epoch_end(self, epoch: int, logs: dict) -> None:
        float(logs["loss"])  # waits for it
        self.ended = time.perf_counter()


class _FitTrainer(_Trainer):
    """Keras' own fit, an epoch at a time; batches and order are those of every other trainer.

    With TensorFlow 2.21 a call often returns only five seconds after it began, though its last step
    ended before. Who trains in one call waits once, so this is no time of an epoch: it is in
    ``idle_seconds``.
    """

    def __init__(
        self, model: keras.Model, dataset: Dataset, recipe: Recipe, device: tf.config.LogicalDevice
    ):
        recipe.require_textbook()
        super().__init__(model, dataset, recipe, device)
        self.images = np.asarray(dataset.train.images, np.float32) / 255
        self.labels = np.array(dataset.train.labels, np.int64)

    def compile(self, form: str) -> None:
        self.model.compile(
            optimizer=self.optimizer,
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
            run_eagerly=form == "eager",
            steps_per_execution=_STEPS_PER_EXECUTION if form == "steps-per-execution" else 1,
        )

    def _trace_steps(self) -> None:
        """Nothing: fit makes its own graph."""

    def run_epoch(
        self, plan: EpochPlan, rates: np.ndarray, seed: int, advance: Callable[[int], object]
    ) -> tuple[float, int]:
        order, clock = plan.order.reshape(-1), _Clock()
        with tf.device(self.train_images.device.name), true_float32():
            seen = self.model.fit(
                self.images[order],
                self.labels[order],
                batch_size=plan.order.shape[1],
                shuffle=False,
                verbose=0,
                callbacks=[clock],
            )
        self.idle_seconds = time.perf_counter() - clock.ended
        advance(plan.steps)
        loss, accuracy = seen.history["loss"][0], seen.history["accuracy"][0]
        return loss * plan.steps, round(accuracy * plan.order.size)
