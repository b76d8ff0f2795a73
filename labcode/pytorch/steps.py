"""One training step as a function of nothing, for those who measure it."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from labcode.pytorch.batches import ResidentImages
from labcode.pytorch.devices import select_device, true_float32
from labcode.pytorch.training import make_loss, make_optimizer
from labcode.recipe import Recipe


def training_step(
    model: nn.Module,
    images: np.ndarray,
    labels: np.ndarray,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
) -> Callable[[], torch.Tensor]:
    """A function that takes one step of ``recipe`` on ``images`` uint8 (N, 64, 64, 3).

    Forward, backward, update: always on the same batch, which waits on the device, since the
    arithmetic does not depend on the pixels. ``model`` is moved to the device and changes with
    each call. The function returns the loss before the update, still on the device.
    """
    device = select_device(device)
    model.to(device).train()
    optimizer, loss_function = make_optimizer(model, recipe), make_loss(model, recipe)
    batch = ResidentImages(images, labels, device)

    def step() -> torch.Tensor:
        with true_float32():
            loss, _ = loss_function(batch.images, batch.labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        return loss.detach()

    return step
