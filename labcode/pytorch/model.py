"""The toy CNN in PyTorch, built from ``labcode.toycnn``, and the door for its weights."""

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from labcode import weights as canonical
from labcode.toycnn import LAYERS, WEIGHTED, Layer
from labcode.weights import Weights


def build_model(weights: Mapping[str, np.ndarray] | None = None, dropout: float = 0.0) -> nn.Module:
    """The toy CNN as an ``nn.Sequential``: (N, 3, 64, 64) images in [0, 1] to (N, 200) logits.

    ``weights`` is a canonical set (``labcode.weights``); without one PyTorch's own initialiser
    stays. ``dropout`` > 0 puts an ``nn.Dropout`` before each dense layer. The last layer's softmax
    is left out: PyTorch's loss expects logits.
    """
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    for layer in LAYERS:
        if layer.kind == "dense" and dropout:
            modules[f"{layer.name}_dropout"] = nn.Dropout(dropout)
        modules[layer.name] = _module(layer)
        if layer.activation == "relu":
            modules[f"{layer.name}_relu"] = nn.ReLU()
    model = nn.Sequential(modules).to(memory_format=torch.channels_last)
    if weights is not None:
        set_weights(model, weights)
    return model


def set_weights(model: nn.Module, weights: Mapping[str, np.ndarray]) -> None:
    """Copy a canonical set of weights into ``model``; WeightsError when it does not fit."""
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, array in from_canonical(canonical.check(weights)).items():
            own[name].copy_(torch.from_numpy(array))


def get_weights(model: nn.Module) -> Weights:
    """The weights of ``model`` as a canonical set, copied to the host."""
    state = {name: value.detach().float().cpu().numpy() for name, value in model.named_parameters()}
    return to_canonical(state)


def from_canonical(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Canonical arrays under PyTorch's names and layouts: OIHW, (out, in), flatten in CHW order."""
    state = {}
    for layer in WEIGHTED:
        kernel = arrays[f"{layer.weights}_weights"]
        if layer.kind == "conv":
            kernel = kernel.transpose(3, 2, 0, 1)
        else:
            if layer.name == "dense":
                kernel = kernel.reshape(*_FLAT, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
            kernel = kernel.T
        state[f"{layer.name}.weight"] = np.ascontiguousarray(kernel)
        state[f"{layer.name}.bias"] = np.ascontiguousarray(arrays[f"{layer.weights}_biases"])
    return state


def to_canonical(state: Mapping[str, np.ndarray]) -> Weights:
    """The inverse of ``from_canonical``, for weights, gradients and moments alike."""
    arrays: Weights = {}
    height, width, channels = _FLAT
    for layer in WEIGHTED:
        kernel = state[f"{layer.name}.weight"]
        if layer.kind == "conv":
            kernel = kernel.transpose(2, 3, 1, 0)
        else:
            kernel = kernel.T
            if layer.name == "dense":
                kernel = kernel.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
                kernel = kernel.reshape(layer.kernel_shape)
        arrays[f"{layer.weights}_weights"] = np.ascontiguousarray(kernel)
        arrays[f"{layer.weights}_biases"] = np.array(state[f"{layer.name}.bias"])
    return arrays


_FLAT = next(layer.input_shape for layer in LAYERS if layer.kind == "flatten")


def _module(layer: Layer) -> nn.Module:
    if layer.kind == "conv":
        height, width, inputs, outputs = layer.kernel_shape
        return nn.Conv2d(inputs, outputs, (height, width))
    if layer.kind == "dense":
        return nn.Linear(*layer.kernel_shape)
    return nn.MaxPool2d(2) if layer.kind == "pool" else nn.Flatten()
