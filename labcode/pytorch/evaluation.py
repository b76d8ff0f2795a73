"""Inference in PyTorch: logits for any number of images, accuracy over exactly every one."""

import numpy as np
import torch
from torch import nn

from labcode import metrics
from labcode.batches import EVALUATION_BATCH
from labcode.data import Split
from labcode.metrics import Evaluation
from labcode.pytorch.batches import ResidentImages, to_input
from labcode.pytorch.devices import select_device, true_float32


def predict_logits(
    model: nn.Module,
    images: np.ndarray,
    *,
    batch_size: int = EVALUATION_BATCH,
    precision: str = "float32",
    device: str | torch.device | None = None,
) -> np.ndarray:
    """Logits float32 (N, 200) of ``images`` uint8 (N, 64, 64, 3), short last batch included."""
    device = select_device(device)
    resident = ResidentImages(images, np.zeros(len(images)), device)
    return _logits(model.to(device), resident, batch_size, precision)


def evaluate(
    model: nn.Module,
    split: Split,
    *,
    batch_size: int = EVALUATION_BATCH,
    precision: str = "float32",
    device: str | torch.device | None = None,
) -> Evaluation:
    """Top-1, top-5, top-10 and loss over every image of ``split``, each exactly once."""
    logits = predict_logits(
        model, split.images, batch_size=batch_size, precision=precision, device=device
    )
    return metrics.evaluation(logits, split.labels)


def evaluate_resident(
    model: nn.Module, resident: ResidentImages, precision: str, batch_size: int = EVALUATION_BATCH
) -> Evaluation:
    """The same over images that already live on the device."""
    logits = _logits(model, resident, batch_size, precision)
    return metrics.evaluation(logits, resident.labels.cpu().numpy())


def _logits(
    model: nn.Module, resident: ResidentImages, batch_size: int, precision: str
) -> np.ndarray:
    was_training = model.training
    model.eval()
    pieces = []
    device = resident.device.type
    with (
        torch.inference_mode(),
        true_float32(),
        torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"),
    ):
        for start in range(0, len(resident), batch_size):
            batch = to_input(resident.images[start : start + batch_size])
            pieces.append(model(batch).float())
    model.train(was_training)
    return torch.cat(pieces).cpu().numpy()
