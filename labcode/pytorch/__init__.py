"""The lab in PyTorch: same files, same names and same signatures as ``labcode.tensorflow``."""

from labcode.pytorch.activations import activations
from labcode.pytorch.devices import (
    available_devices,
    peak_device_memory,
    select_device,
    synchronize,
)
from labcode.pytorch.edge import export_edge
from labcode.pytorch.evaluation import evaluate, predict_logits
from labcode.pytorch.forms import inference, train_in_form
from labcode.pytorch.model import build_model, get_weights, set_weights
from labcode.pytorch.passes import convolution_passes
from labcode.pytorch.profiling import count_macs, measure_peak, profile_layers
from labcode.pytorch.quantisation import build_quantised
from labcode.pytorch.steps import training_step
from labcode.pytorch.training import gradients, train

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
