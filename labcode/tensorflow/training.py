"""Training in TensorFlow: the loop behind ``fit``, with everything a real run needs."""

from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from labcode import loop
from labcode.batches import EpochPlan
from labcode.data import Dataset
from labcode.history import Epoch, History
from labcode.metrics import Evaluation
from labcode.recipe import SMALLEST_PROBABILITY, Recipe
from labcode.tensorflow.batches import ResidentImages, to_input
from labcode.tensorflow.devices import autocast, select_device, true_float32
from labcode.tensorflow.evaluation import evaluate_resident
from labcode.tensorflow.model import from_canonical, get_weights, set_weights, to_canonical
from labcode.weights import SHAPES, Weights

LossFunction = Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]
_STEPS_PER_CALL = 50
_NAMES = tuple(from_canonical({name: np.empty(0) for name in SHAPES}))


def train(
    model: keras.Model,
    dataset: Dataset,
    recipe: Recipe,
    *,
    device: str | tf.config.LogicalDevice | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """Train ``model`` on ``dataset.train`` by ``recipe``, validating after each epoch.

    With ``checkpoint`` the run is saved there after each epoch, and a run that finds the file goes
    on from it, exactly: batches, shifts and dropout are functions of the seed and the epoch. With
    ``recipe.patience`` training stops when the validation loss has not fallen for that many
    epochs, and the model gets its best weights back. Returns the history; raises RecipeError when
    the checkpoint belongs to another run or ``model`` has another dropout than ``recipe``,
    DeviceError for a device that is not there, TrainingError when the loss is no longer finite.
    """
    trainer = _Trainer(model, dataset, recipe, select_device(device))
    images, digest = len(dataset.train.labels), dataset.digest
    return loop.run(trainer, images, digest, recipe, checkpoint, progress, on_epoch)


def make_optimizer(model: keras.Model, recipe: Recipe) -> keras.optimizers.Optimizer:
    """The recipe's optimiser, each constant given and none left to the framework's default."""
    if recipe.optimizer == "sgd":
        optimizer = _SGD(recipe.learning_rate, momentum=recipe.momentum, name="sgd")
    else:
        constants = {"beta_1": recipe.beta_1, "beta_2": recipe.beta_2, "epsilon": recipe.epsilon}
        if recipe.optimizer == "adam":
            make = keras.optimizers.Adam if recipe.epsilon_hat else _Adam
        else:
            make = keras.optimizers.AdamW if recipe.epsilon_hat else _AdamW
            constants["weight_decay"] = recipe.weight_decay
        optimizer = make(recipe.learning_rate, name=recipe.optimizer, **constants)
    # The graph of a training step may not create variables, so the moments are made now.
    optimizer.build(model.trainable_variables)
    return optimizer


class _SGD(keras.optimizers.SGD):
    """SGD whose momentum is a sum of gradients, as in PyTorch, and not of steps.

    Keras folds the learning rate into the sum, which is another method once the rate changes.
    """

    def update_step(self, gradient, variable, learning_rate):
        if self.momentum:
            buffer = self.momentums[self._get_variable_index(variable)]
            gradient = buffer * self.momentum + gradient
            buffer.assign(gradient)
        variable.assign_sub(gradient * tf.cast(learning_rate, gradient.dtype))


class _EpsilonAfterCorrection:
    """Adam with epsilon added to the corrected second moment, as in PyTorch.

    Keras adds it before the correction (Kingma and Ba, 2015, call that epsilon hat), which makes
    the same number weigh thirty times as much in the first step.
    """

    def update_step(self, gradient, variable, learning_rate):
        epsilon, step = self.epsilon, tf.cast(self.iterations + 1, tf.float32)
        self.epsilon = epsilon * tf.sqrt(1 - tf.pow(tf.constant(self.beta_2, tf.float32), step))
        super().update_step(gradient, variable, learning_rate)
        self.epsilon = epsilon


class _Adam(_EpsilonAfterCorrection, keras.optimizers.Adam):
    """Keras' Adam with PyTorch's epsilon."""


class _AdamW(_EpsilonAfterCorrection, keras.optimizers.AdamW):
    """Keras' AdamW with PyTorch's epsilon."""


def make_loss(model: keras.Model, recipe: Recipe) -> LossFunction:
    """The forward pass of a step: (uint8 images, labels) to (mean loss, logits in float32)."""

    @tf.function(jit_compile=recipe.compile or None)
    def loss_function(images, labels):
        with autocast(model, recipe.precision):
            logits = tf.cast(model(to_input(images), training=True), tf.float32)
        return tf.reduce_mean(_cross_entropy(logits, labels, recipe)), logits

    return loss_function


def _cross_entropy(logits: tf.Tensor, labels: tf.Tensor, recipe: Recipe) -> tf.Tensor:
    classes, smoothing = logits.shape[-1], recipe.label_smoothing
    targets = tf.one_hot(labels, classes) * (1 - smoothing) + smoothing / classes
    if recipe.loss == "logits":
        return tf.nn.softmax_cross_entropy_with_logits(targets, logits)
    probabilities = tf.nn.softmax(logits)
    if recipe.loss == "softmax-twice":
        return tf.nn.softmax_cross_entropy_with_logits(targets, probabilities)
    # Written out, for Keras' own function goes back to the logits where it sees a softmax.
    clipped = tf.clip_by_value(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return -tf.reduce_sum(targets * tf.math.log(clipped), axis=1)


def gradients(
    model: keras.Model, images: np.ndarray, labels: np.ndarray, recipe: Recipe
) -> tuple[float, Weights]:
    """Loss and gradients of one training step on ``images`` uint8 (N, 64, 64, 3), no update.

    Gradients are in canonical form, so those of any recipe and framework can be compared.
    """
    batch = ResidentImages(images, labels, select_device())
    loss_function = make_loss(model, recipe)
    with true_float32(), tf.GradientTape() as tape:
        loss, _ = loss_function(batch.images, batch.labels)
    found = tape.gradient(loss, model.trainable_variables)
    return float(loss), to_canonical(_named(value.numpy() for value in found))


class _Trainer:
    """What ``labcode.loop`` asks of a framework."""

    def __init__(
        self, model: keras.Model, dataset: Dataset, recipe: Recipe, device: tf.config.LogicalDevice
    ):
        self.model, self.recipe = model, recipe
        self.train_images = ResidentImages(dataset.train.images, dataset.train.labels, device)
        self.val_images = ResidentImages(dataset.val.images, dataset.val.labels, device)
        self.optimizer = make_optimizer(model, recipe)
        self.loss_function = make_loss(model, recipe)
        self.run_steps = self._trace_steps()

    def run_epoch(
        self, plan: EpochPlan, rates: np.ndarray, seed: int, advance: Callable[[int], object]
    ) -> tuple[float, int]:
        _seed_dropout(self.model, seed)
        arrays = [rates, plan.order]
        arrays += [plan.rows, plan.columns] if self.recipe.augments else []
        # At least ten calls an epoch keep the bar moving and Ctrl-C answered.
        length = max(1, min(_STEPS_PER_CALL, plan.steps // 10))
        total_loss, total_correct = 0.0, 0
        with tf.device(self.train_images.device.name), true_float32():
            for first in range(0, plan.steps, length):
                loss, correct = self.run_steps(*(array[first : first + length] for array in arrays))
                total_loss += float(loss)
                total_correct += int(correct)
                advance(min(length, plan.steps - first))
        return total_loss, total_correct

    def _trace_steps(self) -> Callable[..., tuple[tf.Tensor, tf.Tensor]]:
        """K training steps as one graph: (rates (K,), order (K, B), ...) to (losses, correct).

        Between two steps nothing returns to Python. One trace serves every number of steps.
        """
        model, optimizer, images = self.model, self.optimizer, self.train_images
        batch = min(self.recipe.batch_size, len(images))
        signature = [tf.TensorSpec([None], tf.float32), tf.TensorSpec([None, batch], tf.int64)]
        if self.recipe.augments:
            signature += [tf.TensorSpec([None, batch, images.images.shape[1]], tf.int64)] * 2

        @tf.function(input_signature=signature)
        def run(rates, *plan):
            total, correct = tf.zeros(()), tf.zeros((), tf.int64)
            for step in tf.range(tf.shape(rates)[0]):
                pixels, labels = images.batch(*(part[step] for part in plan))
                with tf.GradientTape() as tape:
                    loss, logits = self.loss_function(pixels, labels)
                found = tape.gradient(loss, model.trainable_variables)
                optimizer.learning_rate.assign(rates[step])
                optimizer.apply(found, model.trainable_variables)
                total += loss
                correct += tf.math.count_nonzero(tf.argmax(logits, axis=1) == labels)
            return total, correct

        with tf.device(images.device.name):
            run.get_concrete_function()  # Traced here, or the first epoch's time would include it.
        return run

    def permutation(self, images: int, seed: int) -> np.ndarray:
        order = tf.random.experimental.stateless_shuffle(
            tf.range(images, dtype=tf.int64), [0, seed]
        )
        return order.numpy()

    def evaluate(self) -> Evaluation:
        return evaluate_resident(self.model, self.val_images, self.recipe.precision)

    def get_weights(self) -> Weights:
        return get_weights(self.model)

    def set_weights(self, weights: Weights) -> None:
        set_weights(self.model, weights)

    def get_moments(self) -> tuple[Weights, ...]:
        return tuple(to_canonical(_named(map(np.array, group))) for group in self._moments())

    def set_moments(self, moments: tuple[Weights, ...], step: int) -> None:
        self.optimizer.iterations.assign(step)
        for group, moment in zip(self._moments(), moments, strict=True):
            for variable, array in zip(group, from_canonical(moment).values(), strict=True):
                variable.assign(array)

    def _moments(self) -> list[list]:
        if self.recipe.optimizer != "sgd":
            return [self.optimizer._momentums, self.optimizer._velocities]
        return [self.optimizer.momentums] if self.recipe.momentum else []

    def dropout(self) -> float:
        return max((layer.rate for layer in _dropouts(self.model)), default=0.0)


def _dropouts(model: keras.Model) -> list[keras.layers.Dropout]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]


def _seed_dropout(model: keras.Model, seed: int) -> None:
    """Set each dropout layer's generator; it counts on from there by one a step."""
    for index, layer in enumerate(_dropouts(model)):
        layer.seed_generator.state.assign([seed % 2**32, index << 24])


def _named(values) -> dict[str, np.ndarray]:
    """Arrays in the order of the model's variables, under their names."""
    return dict(zip(_NAMES, values, strict=True))
