"""What the benchmarks compare TensorFlow's trainer with: bare steps, and the report's own way."""

import time

import keras
import tensorflow as tf

from labcode.batches import plan_epoch
from labcode.data import Dataset
from labcode.recipe import Recipe
from labcode.tensorflow.batches import ResidentImages
from labcode.tensorflow.devices import select_device, synchronize, true_float32
from labcode.tensorflow.training import make_loss, make_optimizer


def bare_loop(model: keras.Model, dataset: Dataset, recipe: Recipe, steps: int) -> float:
    """Images a second of ``steps`` training steps and nothing else, after three for warm-up.

    The batches are gathered beforehand: no shuffling, no metrics, no progress, no schedule.
    """
    device = select_device()
    images = ResidentImages(dataset.train.images, dataset.train.labels, device)
    batches = list(images.epoch(plan_epoch(len(images), recipe, 0)))
    loss_function, optimizer = make_loss(model, recipe), make_optimizer(model, recipe)

    @tf.function
    def step(pixels, labels):
        with tf.GradientTape() as tape:
            loss, _ = loss_function(pixels, labels)
        optimizer.apply(tape.gradient(loss, model.trainable_variables), model.trainable_variables)
        return loss

    with tf.device(device.name), true_float32():
        for number in range(3):
            step(*batches[number % len(batches)])
        synchronize(device)
        start = time.perf_counter()
        for number in range(steps):
            loss = step(*batches[number % len(batches)])
        loss.numpy()
        synchronize(device)
    return steps * recipe.batch_size / (time.perf_counter() - start)


def report_way(model: keras.Model, dataset: Dataset, recipe: Recipe) -> float:
    """Seconds of training as the lab's TensorFlow edition does: ``fit`` over the image files, each
    decoded in every epoch, with an accuracy metric.
    """
    files = [str(dataset.folder / name) for name in dataset.train.files]

    def load(path, label):
        pixels = tf.io.decode_jpeg(tf.io.read_file(path), channels=3)
        return tf.cast(tf.ensure_shape(pixels, (64, 64, 3)), tf.float32) / 255, label

    loader = (
        tf.data.Dataset.from_tensor_slices((files, dataset.train.labels))
        .shuffle(len(files), seed=recipe.seed)
        .map(load)
        .batch(recipe.batch_size)
    )
    model.compile(
        optimizer=make_optimizer(model, recipe),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    start = time.perf_counter()
    model.fit(loader, epochs=recipe.epochs, verbose=0)
    return time.perf_counter() - start
