"""Images on the device: resident as uint8, gathered into batches that NumPy has planned."""

import numpy as np
import tensorflow as tf

from labcode.batches import EpochPlan, check_images


class ResidentImages:
    """Images uint8 (N, 64, 64, 3) and labels int64 (N,) that live on ``device``."""

    def __init__(self, images: np.ndarray, labels: np.ndarray, device: tf.config.LogicalDevice):
        check_images(images)
        with tf.device(device.name):
            self.images = tf.convert_to_tensor(np.asarray(images))
            self.labels = tf.convert_to_tensor(np.array(labels, dtype=np.int64))
        self.device = device

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, index, rows=None, columns=None) -> tuple[tf.Tensor, tf.Tensor]:
        """One step's (images uint8 (B, H, W, C), labels (B,)); within a graph the data stays put.

        ``index`` is (B,), ``rows`` and ``columns`` (B, 64) as in ``EpochPlan``.
        """
        pixels = tf.gather(self.images, index)
        if rows is not None:
            pixels = tf.gather(pixels, rows, axis=1, batch_dims=1)
            pixels = tf.gather(pixels, columns, axis=2, batch_dims=1)
        return pixels, tf.gather(self.labels, index)

    def epoch(self, plan: EpochPlan):
        """Yield (images uint8 (B, H, W, C), labels (B,)) for each step of ``plan``."""
        with tf.device(self.device.name):
            for step, index in enumerate(plan.order):
                shifted = plan.rows is not None
                shift = (plan.rows[step], plan.columns[step]) if shifted else ()
                yield self.batch(index, *shift)


def to_input(images: tf.Tensor) -> tf.Tensor:
    """uint8 (B, H, W, C) in 0..255 to float32 (B, H, W, C) in [0, 1]."""
    return tf.cast(images, tf.float32) / 255
