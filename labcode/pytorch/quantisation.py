"""The quantised toy CNN in PyTorch, simulated: float32 that takes the integers' values only."""

from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
import torch
from torch import nn

from labcode.pytorch.model import build_model
from labcode.quantise import INPUT, Grid
from labcode.weights import Weights


def build_quantised(weights: Weights, grids: Mapping[str, Grid]) -> nn.Module:
    """The toy CNN that rounds its input and the maps behind its ReLUs onto ``grids``.

    ``grids`` is what ``labcode.quantise.map_grids`` gives; a map without a grid is not rounded.
    ``weights`` are used as they come: give them through ``round_weights`` first. Everything that
    takes the float model takes this one, ``predict_logits`` and ``activations`` alike (the latter
    shows a map before it is rounded).
    """
    modules: OrderedDict[str, nn.Module] = OrderedDict()
    if INPUT in grids:
        modules["input_rounding"] = _Rounding(grids[INPUT])
    for name, module in build_model(weights).named_children():
        modules[name] = module
        layer = name.removesuffix("_relu")
        if layer != name and layer in grids:
            modules[f"{layer}_rounding"] = _Rounding(grids[layer])
    return nn.Sequential(modules)


class _Rounding(nn.Module):
    """Moves each value to the nearest number of a grid, halves to the even one."""

    def __init__(self, grid: Grid):
        super().__init__()
        self.ends = grid.lowest, grid.highest
        self.scale, self.inverse = float(np.float32(grid.scale)), float(np.float32(grid.inverse))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        # One new tensor, then in place: these four passes over a map only wait for memory.
        return (values * self.inverse).round_().clamp_(*self.ends).mul_(self.scale)
