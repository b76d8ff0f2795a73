"""Every layer's map of some images, taken by forward hooks that are gone again afterwards."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from labcode.pytorch.batches import ResidentImages, to_input
from labcode.pytorch.devices import select_device, true_float32
from labcode.toycnn import LAYERS, Layer


def activations(
    model: nn.Module, images: np.ndarray, *, device: str | torch.device | None = None
) -> dict[str, np.ndarray]:
    """Layer name -> its map of ``images`` uint8 (N, 64, 64, 3), float32 (N, *layer.output_shape).

    In the order of ``toycnn.LAYERS`` and in canonical form: HWC, ReLU applied, flatten in HWC
    order, the last layer after its softmax. All images go through as one batch, in true float32;
    their maps take 1.4 MB an image. The model comes back as it was: no hook stays on it, not even
    when the forward pass raises, and each module keeps its mode and its device.
    """
    device = select_device(device)
    home = next(model.parameters()).device
    modes = {module: module.training for module in model.modules()}
    resident = ResidentImages(images, np.zeros(len(images)), device)
    taken: dict[str, torch.Tensor] = {}
    handles = []
    try:
        for layer in LAYERS:
            module = model.get_submodule(_last_module(layer))
            handles.append(module.register_forward_hook(_keep(taken, layer.name)))
        model.to(device).eval()
        with torch.inference_mode(), true_float32():
            model(to_input(resident.images))
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in modes.items():
            module.training = mode
        model.to(home)
    return {layer.name: _canonical(layer, taken[layer.name]) for layer in LAYERS}


def _last_module(layer: Layer) -> str:
    """The module whose output is the layer's: its ReLU is a module of its own."""
    return f"{layer.name}_relu" if layer.activation == "relu" else layer.name


def _keep(taken: dict[str, torch.Tensor], name: str) -> Callable:
    def hook(module: nn.Module, inputs: tuple, output: torch.Tensor) -> None:
        taken[name] = output

    return hook


def _canonical(layer: Layer, output: torch.Tensor) -> np.ndarray:
    if layer.activation == "softmax":
        output = torch.softmax(output, dim=1)
    elif layer.kind == "flatten":
        height, width, channels = layer.input_shape
        output = output.unflatten(1, (channels, height, width)).permute(0, 2, 3, 1).flatten(1)
    elif output.ndim == 4:
        output = output.permute(0, 2, 3, 1)
    return np.ascontiguousarray(output.float().cpu().numpy())
