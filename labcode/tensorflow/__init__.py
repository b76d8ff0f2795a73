"""The lab in TensorFlow: same files, same names and same signatures as ``labcode.pytorch``."""

import os

# Both are read once, when TensorFlow and Keras are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from labcode.tensorflow.devices import available_devices, select_device, synchronize  # noqa: E402
from labcode.tensorflow.evaluation import evaluate, predict_logits  # noqa: E402
from labcode.tensorflow.model import build_model, get_weights, set_weights  # noqa: E402
from labcode.tensorflow.training import gradients, train  # noqa: E402

__all__ = [
    "available_devices",
    "build_model",
    "evaluate",
    "get_weights",
    "gradients",
    "predict_logits",
    "select_device",
    "set_weights",
    "synchronize",
    "train",
]
