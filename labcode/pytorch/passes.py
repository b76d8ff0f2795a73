"""The three passes of a convolution in training, each by itself, for those who measure them."""

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional
from torch.nn.grad import conv2d_input, conv2d_weight

from labcode.pytorch.devices import select_device, true_float32


def convolution_passes(
    maps: np.ndarray, kernel: np.ndarray, upstream: np.ndarray, *, device=None
) -> dict[str, Callable[[], torch.Tensor]]:
    """``forward``, ``by-input`` and ``by-weights``, each a function of nothing.

    ``maps`` (N, H, W, C) are the layer's input, ``kernel`` is (H, W, I, O), ``upstream`` the
    derivative of the loss by its output; all float32. They wait on the device in PyTorch's own
    order, and so come the results: maps (N, C, H, W), the derivative by ``maps`` in the same order,
    and that by ``kernel`` as (O, I, H, W). Stride 1, no padding, no bias; each pass does
    ``Layer.macs`` multiply-accumulates an image.
    """
    device = select_device(device)
    x, above = (_to_device(array.transpose(0, 3, 1, 2), device) for array in (maps, upstream))
    w = _to_device(kernel.transpose(3, 2, 0, 1), device)
    work = {
        "forward": lambda: functional.conv2d(x, w),
        "by-input": lambda: conv2d_input(x.shape, w, above),
        "by-weights": lambda: conv2d_weight(x, w.shape, above),
    }
    return {name: _guarded(each) for name, each in work.items()}


def _to_device(array: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, np.float32)).to(device)


def _guarded(work: Callable[[], torch.Tensor]) -> Callable[[], torch.Tensor]:
    def run() -> torch.Tensor:
        with torch.no_grad(), true_float32():
            return work()

    return run
