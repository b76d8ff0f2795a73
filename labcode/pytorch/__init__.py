"""The lab in PyTorch: same files, same names and same signatures as ``labcode.tensorflow``."""

from labcode.pytorch.devices import available_devices, select_device, synchronize
from labcode.pytorch.evaluation import evaluate, predict_logits
from labcode.pytorch.model import build_model, get_weights, set_weights
from labcode.pytorch.training import gradients, train

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
