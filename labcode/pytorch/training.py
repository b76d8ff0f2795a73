"""Training in PyTorch: the loop that the lab writes out, with everything a real run needs."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from labcode import loop
from labcode.batches import EpochPlan
from labcode.data import Dataset
from labcode.errors import RecipeError
from labcode.history import Epoch, History
from labcode.metrics import Evaluation
from labcode.pytorch.batches import ResidentImages, to_input
from labcode.pytorch.devices import select_device, true_float32
from labcode.pytorch.evaluation import evaluate_resident
from labcode.pytorch.model import from_canonical, get_weights, set_weights, to_canonical
from labcode.recipe import SMALLEST_PROBABILITY, Recipe
from labcode.weights import Weights

LossFunction = Callable[[torch.Tensor, torch.Tensor], tuple[torch.Tensor, torch.Tensor]]
_MOMENTS = {"sgd": ("momentum_buffer",), "adam": ("exp_avg", "exp_avg_sq")}
_MOMENTS["adamw"] = _MOMENTS["adam"]


def train(
    model: nn.Module,
    dataset: Dataset,
    recipe: Recipe,
    *,
    device: str | torch.device | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """Train ``model`` on ``dataset.train`` by ``recipe``, validating after each epoch.

    With ``checkpoint`` the run is saved there after each epoch, and a run that finds the file goes
    on from it, exactly: batches, shifts and dropout are functions of the seed and the epoch. With
    ``recipe.patience`` training stops when the validation loss has not fallen for that many
    epochs, and the model gets its best weights back. Returns the history; raises RecipeError when
    the checkpoint belongs to another run or ``model`` has another dropout than ``recipe``,
    DeviceError for a device that is not there, TrainingError when the loss is no longer finite.
    """
    trainer = _Trainer(model, dataset, recipe, select_device(device))
    images, digest = len(dataset.train.labels), dataset.digest
    return loop.run(trainer, images, digest, recipe, checkpoint, progress, on_epoch)


def make_optimizer(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser, each constant given and none left to the framework's default."""
    parameters = model.parameters()
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(parameters, recipe.learning_rate, recipe.momentum)
    if recipe.epsilon_hat:
        raise RecipeError("PyTorch's Adam adds epsilon after the correction; use epsilon_hat=False")
    constants = {"betas": (recipe.beta_1, recipe.beta_2), "eps": recipe.epsilon, "fused": True}
    if recipe.optimizer == "adam":
        return torch.optim.Adam(parameters, recipe.learning_rate, **constants)
    constants["weight_decay"] = recipe.weight_decay
    return torch.optim.AdamW(parameters, recipe.learning_rate, **constants)


def make_loss(model: nn.Module, recipe: Recipe) -> LossFunction:
    """The forward pass of a step: (uint8 images, labels) to (mean loss, logits float32)."""
    device = next(model.parameters()).device.type
    low = recipe.precision == "bfloat16"

    def loss_function(images, labels):
        with torch.autocast(device, torch.bfloat16, enabled=low):
            logits = model(to_input(images)).float()
        return _cross_entropy(logits, labels, recipe), logits

    return torch.compile(loss_function) if recipe.compile else loss_function


def _cross_entropy(logits: torch.Tensor, labels: torch.Tensor, recipe: Recipe) -> torch.Tensor:
    if recipe.loss == "logits":
        return functional.cross_entropy(logits, labels, label_smoothing=recipe.label_smoothing)
    probabilities = torch.softmax(logits, dim=1)
    if recipe.loss == "softmax-twice":
        return functional.cross_entropy(probabilities, labels)
    clipped = probabilities.clamp(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return functional.nll_loss(clipped.log(), labels)


def gradients(
    model: nn.Module, images: np.ndarray, labels: np.ndarray, recipe: Recipe
) -> tuple[float, Weights]:
    """Loss and gradients of one training step on ``images`` uint8 (N, 64, 64, 3), no update.

    Gradients are in canonical form, so those of any recipe and framework can be compared.
    """
    device = next(model.parameters()).device
    batch = ResidentImages(images, labels, device)
    model.train()
    model.zero_grad()
    with true_float32():
        loss, _ = make_loss(model, recipe)(batch.images, batch.labels)
        loss.backward()
    found = {name: value.grad.float().cpu().numpy() for name, value in model.named_parameters()}
    model.zero_grad()
    return float(loss.detach()), to_canonical(found)


class _Trainer:
    """What ``labcode.loop`` asks of a framework."""

    def __init__(self, model: nn.Module, dataset: Dataset, recipe: Recipe, device: torch.device):
        self.model, self.recipe = model.to(device), recipe
        self.train_images = ResidentImages(dataset.train.images, dataset.train.labels, device)
        self.val_images = ResidentImages(dataset.val.images, dataset.val.labels, device)
        self.optimizer = make_optimizer(model, recipe)
        self.loss_function = make_loss(model, recipe)

    def run_epoch(
        self, plan: EpochPlan, rates: np.ndarray, seed: int, advance: Callable[[int], object]
    ) -> tuple[float, int]:
        device = self.train_images.device
        # Sums stay on the device: reading them each step would make a GPU wait for the host.
        total_loss = torch.zeros((), device=device)
        total_correct = torch.zeros((), dtype=torch.int64, device=device)
        torch.manual_seed(seed)
        self.model.train()
        with true_float32():
            for rate, (images, labels) in zip(rates, self.train_images.epoch(plan), strict=True):
                for group in self.optimizer.param_groups:
                    group["lr"] = float(rate)
                loss, logits = self.loss_function(images, labels)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                total_loss += loss.detach()
                total_correct += (logits.detach().argmax(1) == labels).sum()
                advance(1)
        return float(total_loss), int(total_correct)

    def permutation(self, images: int, seed: int) -> np.ndarray:
        return torch.randperm(images, generator=torch.Generator().manual_seed(seed)).numpy()

    def evaluate(self) -> Evaluation:
        return evaluate_resident(self.model, self.val_images, self.recipe.precision)

    def get_weights(self) -> Weights:
        return get_weights(self.model)

    def set_weights(self, weights: Weights) -> None:
        set_weights(self.model, weights)

    def get_moments(self) -> tuple[Weights, ...]:
        moments = []
        for key in _MOMENTS[self.recipe.optimizer]:
            values = {
                name: self.optimizer.state[parameter].get(key)
                for name, parameter in self.model.named_parameters()
            }
            if all(value is not None for value in values.values()):
                host = {name: value.float().cpu().numpy() for name, value in values.items()}
                moments.append(to_canonical(host))
        return tuple(moments)

    def set_moments(self, moments: tuple[Weights, ...], step: int) -> None:
        for key, moment in zip(_MOMENTS[self.recipe.optimizer], moments, strict=False):
            arrays = from_canonical(moment)
            for name, parameter in self.model.named_parameters():
                state = self.optimizer.state[parameter]
                state[key] = torch.empty_like(parameter).copy_(torch.from_numpy(arrays[name]))
                if self.recipe.optimizer != "sgd":
                    state["step"] = torch.tensor(float(step), device=parameter.device)

    def dropout(self) -> float:
        layers = (module for module in self.model.modules() if isinstance(module, nn.Dropout))
        return max((layer.p for layer in layers), default=0.0)
