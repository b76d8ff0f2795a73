"""The same training and the same inference, written as a beginner writes it and as it runs fast."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from labcode import loop
from labcode.batches import EpochPlan
from labcode.data import Dataset
from labcode.errors import RecipeError
from labcode.history import Epoch, History
from labcode.pytorch.batches import ResidentImages, to_input
from labcode.pytorch.devices import select_device, synchronize, true_float32
from labcode.pytorch.model import build_model
from labcode.pytorch.training import _Trainer, train
from labcode.recipe import Recipe
from labcode.weights import Weights

TRAINING_FORMS = {
    "plain": "the textbook's loop: DataLoader over a TensorDataset, eager, item() in every step",
    "channels-last": "the same loop with model and images in channels_last",
    "labcode": "labcode's trainer: resident bytes, channels_last, fused optimiser, no item()",
}
INFERENCE_FORMS = {
    "plain": "model(images) in eval mode under inference_mode, default memory layout",
    "channels-last": "the same with model and images in channels_last",
    "compiled": "the same through torch.compile",
}


def train_in_form(
    form: str,
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """``train``, computed in one of ``TRAINING_FORMS``: equal batches, equal steps, other speed.

    The forms other than ``labcode`` do what tutorials write, Adam in float32 at a constant rate;
    RecipeError names what else a recipe asks of them, and an unknown form.
    """
    if form not in TRAINING_FORMS:
        raise RecipeError(f"PyTorch has no form {form!r}; choose from {list(TRAINING_FORMS)}")
    if form == "labcode":
        options = {"device": device, "checkpoint": checkpoint, "progress": progress}
        return train(model, dataset, recipe, **options, on_epoch=on_epoch)
    trainer = _TextbookTrainer(model, dataset, recipe, select_device(device))
    trainer.lay_out(torch.channels_last if form == "channels-last" else torch.contiguous_format)
    images, digest = len(dataset.train.labels), dataset.digest
    return loop.run(trainer, images, digest, recipe, checkpoint, progress, on_epoch)


def inference(
    form: str,
    weights: Weights,
    images: np.ndarray,
    *,
    device: str | torch.device | None = None,
) -> Callable[[], np.ndarray]:
    """A function that computes the logits (N, 200) of ``images`` uint8 (N, 64, 64, 3) once more.

    The images wait on the device as float32; the logits come back to the host, so that the work
    has ended. The first calls compile, where the form does. RecipeError for an unknown form.
    """
    if form not in INFERENCE_FORMS:
        raise RecipeError(f"PyTorch has no form {form!r}; choose from {list(INFERENCE_FORMS)}")
    device = select_device(device)
    layout = torch.contiguous_format if form == "plain" else torch.channels_last
    model = build_model(weights).to(device, memory_format=layout).eval()
    inputs = to_input(ResidentImages(images, np.zeros(len(images)), device).images)
    inputs = inputs.contiguous(memory_format=layout)
    forward = torch.compile(model) if form == "compiled" else model

    def run() -> np.ndarray:
        with torch.inference_mode(), true_float32():
            logits = forward(inputs).cpu().numpy()
        synchronize(device)
        return logits

    return run


class _TextbookTrainer(_Trainer):
    """Steps as tutorials write them; batches and order are those of every other trainer."""

    def __init__(self, model: nn.Module, dataset: Dataset, recipe: Recipe, device: torch.device):
        recipe.require_textbook()
        super().__init__(model, dataset, recipe, device)
        images = to_input(torch.from_numpy(np.array(dataset.train.images)))
        labels = torch.from_numpy(np.array(dataset.train.labels, np.int64))
        self.tensors = images.contiguous(), labels
        self.optimizer = torch.optim.Adam(  # as the tutorials make it, only with our constants
            model.parameters(),
            recipe.learning_rate,
            betas=(recipe.beta_1, recipe.beta_2),
            eps=recipe.epsilon,
        )

    def lay_out(self, layout: torch.memory_format) -> None:
        self.model.to(memory_format=layout)
        images, labels = self.tensors
        self.tensors, self.layout = (images.contiguous(memory_format=layout), labels), layout

    def run_epoch(
        self, plan: EpochPlan, rates: np.ndarray, seed: int, advance: Callable[[int], object]
    ) -> tuple[float, int]:
        device = self.train_images.device
        torch.manual_seed(seed)
        self.model.train()
        loader = DataLoader(TensorDataset(*self.tensors), batch_sampler=plan.order.tolist())
        total_loss, total_correct = 0.0, 0
        with true_float32():
            for images, labels in loader:
                images = images.to(device, memory_format=self.layout)
                labels = labels.to(device)
                logits = self.model(images)
                loss = functional.cross_entropy(logits, labels)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total_loss += loss.item()
                total_correct += (logits.argmax(1) == labels).sum().item()
                advance(1)
        return total_loss, total_correct
