"""From TensorFlow to a small device: a LiteRT file, whose int8 form its converter calibrates."""

import io
import os
import warnings
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from labcode import edge
from labcode.files import atomic_write
from labcode.quiet import quiet
from labcode.tensorflow.batches import to_input
from labcode.tensorflow.model import build_model
from labcode.toycnn import INPUT_SHAPE


def export_edge(
    weights: Mapping[str, np.ndarray],
    path: str | os.PathLike,
    *,
    precision: str = "float32",
    calibration: np.ndarray | None = None,
) -> Path:
    """Write the toy CNN with ``weights`` (canonical) as a ``.tflite`` file; returns its path.

    The file takes uint8 (1, 64, 64, 3) and gives float32 logits (1, 200); ``labcode.edge`` runs it.
    The ending may be left out of ``path``. With ``precision="int8"`` kernels (one scale for each
    output channel) and maps are rounded to eight bits, and the maps' ranges are their smallest and
    largest values over ``calibration``, uint8 (N, 64, 64, 3); it is not read for float32.

    WeightsError, DataError and QuantisationError tell what does not fit; LabcodeError names an
    ending of another format.
    """
    path = edge.target(path, ".tflite")
    images = edge.calibration_images(precision, calibration)
    network = build_model(weights)
    atomic_write(path, _float32(network) if images is None else _int8(network, images))
    return path


def _float32(network: keras.Model) -> bytes:
    return _convert(_converter(network, "uint8"))


def _int8(network: keras.Model, images: np.ndarray) -> bytes:
    converter = _converter(network, "float32")
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([to_input(image[None])] for image in images)
    # Refuses an operation that has no integer form, instead of leaving it in float32.
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # The bytes are the rounded input already: its scale is 1/255.
    converter.inference_input_type = tf.uint8
    return _convert(converter)


def _converter(network: keras.Model, dtype: str) -> tf.lite.TFLiteConverter:
    images = keras.Input(batch_shape=(1, *INPUT_SHAPE), dtype=dtype, name="images")
    scaled = keras.layers.Rescaling(1 / 255)(images) if dtype == "uint8" else images
    return tf.lite.TFLiteConverter.from_keras_model(keras.Model(images, network(scaled)))


def _convert(converter: tf.lite.TFLiteConverter) -> bytes:
    # Keras reports on standard output what it saved for the converter in a temporary folder.
    with quiet(), redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # It expects an input range that calibration then gives.
        return converter.convert()
