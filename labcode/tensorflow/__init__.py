"""The lab in TensorFlow: same files, same names and same signatures as ``labcode.pytorch``."""

import os

# Both are read once, when TensorFlow and Keras are imported.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

from labcode.tensorflow.activations import activations  # noqa: E402
from labcode.tensorflow.devices import (  # noqa: E402
    available_devices,
    peak_device_memory,
    select_device,
    synchronize,
)
from labcode.tensorflow.edge import export_edge  # noqa: E402
from labcode.tensorflow.evaluation import evaluate, predict_logits  # noqa: E402
from labcode.tensorflow.forms import inference, train_in_form  # noqa: E402
from labcode.tensorflow.model import build_model, get_weights, set_weights  # noqa: E402
from labcode.tensorflow.passes import convolution_passes  # noqa: E402
from labcode.tensorflow.profiling import count_macs, measure_peak, profile_layers  # noqa: E402
from labcode.tensorflow.quantisation import build_quantised  # noqa: E402
from labcode.tensorflow.steps import training_step  # noqa: E402
from labcode.tensorflow.training import gradients, train  # noqa: E402

__all__ = [
    "activations",
    "available_devices",
    "build_model",
    "build_quantised",
    "convolution_passes",
    "count_macs",
    "evaluate",
    "export_edge",
    "get_weights",
    "gradients",
    "inference",
    "measure_peak",
    "peak_device_memory",
    "predict_logits",
    "profile_layers",
    "select_device",
    "set_weights",
    "synchronize",
    "train",
    "train_in_form",
    "training_step",
]
