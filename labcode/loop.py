"""The epochs of a training run, the same for both frameworks: validate, save, stop, go on.

A framework's room brings a ``Trainer``, which knows how to take the steps of one epoch; what
decides whether two runs are comparable (batches, rates, records, stopping) stands here, once.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np
from tqdm import tqdm

from labcode.batches import EpochPlan, epoch_seed, plan_epoch, steps_per_epoch
from labcode.checkpoint import Checkpoint, resume
from labcode.errors import RecipeError, TrainingError
from labcode.history import Epoch, History
from labcode.metrics import Evaluation
from labcode.recipe import Recipe
from labcode.weights import Weights


class Trainer(Protocol):
    """A model with its optimiser and the images on its device.

    A trainer whose ``run_epoch`` does not return when its last step has ended tells for how long
    in ``idle_seconds``.
    """

    def run_epoch(
        self, plan: EpochPlan, rates: np.ndarray, seed: int, advance: Callable[[int], object]
    ) -> tuple[float, int]:
        """Take the steps of ``plan`` at ``rates`` (steps,), with dropout drawn from ``seed``.

        Returns the sum of the steps' mean losses and the number of images classified rightly on
        the way, read from the device, so that the steps have ended; tells ``advance`` the steps.
        """

    def permutation(self, images: int, seed: int) -> np.ndarray:
        """0 to ``images`` - 1, int64, shuffled by the framework's own generator."""

    def evaluate(self) -> Evaluation:
        """Accuracy and loss over all validation images."""

    def get_weights(self) -> Weights:
        """The model's weights in canonical form."""

    def set_weights(self, weights: Weights) -> None:
        """Give the model canonical weights."""

    def get_moments(self) -> tuple[Weights, ...]:
        """The optimiser's moments in canonical form."""

    def set_moments(self, moments: tuple[Weights, ...], step: int) -> None:
        """Put the optimiser where it was after ``step`` steps."""

    def dropout(self) -> float:
        """The share that the model's dropout layers drop, 0 when it has none."""


def run(
    trainer: Trainer,
    images: int,
    data_digest: str,
    recipe: Recipe,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    on_epoch: Callable[[Epoch], None] | None = None,
) -> History:
    """Train on ``images`` images by ``recipe``; see either room's ``train`` for the promises."""
    if trainer.dropout() != recipe.dropout:
        raise RecipeError(
            f"the recipe says dropout {recipe.dropout}, the model has {trainer.dropout()}; "
            f"build it with build_model(dropout={recipe.dropout})"
        )
    steps = steps_per_epoch(images, recipe.batch_size)
    rates = recipe.learning_rates(steps * recipe.epochs)
    history, best = History(recipe), None
    saved = resume(checkpoint, recipe, data_digest)
    if saved is not None:
        history, best = saved.history, saved.best
        trainer.set_weights(saved.weights)
        trainer.set_moments(saved.moments, saved.step)

    for number in range(len(history.epochs), recipe.epochs):
        if history.stopped_early:
            break
        own_rates = rates[number * steps : (number + 1) * steps]
        seen = history.epochs[-1].batches if history.epochs else ""
        epoch = _epoch(trainer, images, number, own_rates, recipe, seen, progress)
        history.epochs.append(epoch)
        if history.best is epoch:
            best = trainer.get_weights()
        history.stopped_early = history.out_of_patience()
        if checkpoint is not None:
            weights, moments = trainer.get_weights(), trainer.get_moments()
            step = (number + 1) * steps
            Checkpoint(weights, best, moments, step, history, data_digest).save(checkpoint)
        if progress:
            print(history.line(epoch), flush=True)
        if on_epoch is not None:
            on_epoch(epoch)
    if recipe.patience is not None and best is not None:
        trainer.set_weights(best)
    return history


def _epoch(
    trainer: Trainer,
    images: int,
    index: int,
    rates: np.ndarray,
    recipe: Recipe,
    seen: str,
    progress: bool,
) -> Epoch:
    number = index + 1
    start = time.perf_counter()
    plan = plan_epoch(images, recipe, index, permutation=trainer.permutation)
    # disable=None draws the bar on a terminal and stays silent on a page or in a log.
    with tqdm(
        total=plan.steps,
        desc=f"epoch {number}/{recipe.epochs}",
        unit="step",
        leave=False,
        disable=None if progress else True,
    ) as bar:
        seed = epoch_seed(recipe, index)
        total_loss, correct = trainer.run_epoch(plan, rates, seed, bar.update)
    idle_seconds = getattr(trainer, "idle_seconds", 0.0)
    train_seconds = time.perf_counter() - start - idle_seconds
    loss = total_loss / plan.steps
    if not np.isfinite(loss):
        raise TrainingError(
            f"the loss of epoch {number} is {loss}: training has diverged. "
            "Try a lower learning rate; the checkpoint of the epoch before is intact."
        )
    start = time.perf_counter()
    measured = trainer.evaluate()
    return Epoch(
        number=number,
        loss=loss,
        top1=correct / plan.order.size,
        val_loss=measured.loss,
        val_top1=measured.top1,
        val_top5=measured.top5,
        val_top10=measured.top10,
        learning_rate=float(rates[-1]),
        train_seconds=train_seconds,
        val_seconds=time.perf_counter() - start,
        images_per_second=plan.order.size / train_seconds,
        steps=number * plan.steps,
        batches=plan.digest(seen),
        idle_seconds=idle_seconds,
    )
