"""Which images make up which batch, and how each is shifted: NumPy decides for both frameworks."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from labcode.errors import DataError, RecipeError
from labcode.recipe import Recipe
from labcode.toycnn import INPUT_SHAPE

EVALUATION_BATCH = 50
"""Images at a time where nothing is learned; in a processor's float32 the largest map of so many is
23 MB, and batches of several times that keep the C library asking the kernel for new pages."""


@dataclass(frozen=True)
class EpochPlan:
    """The batches of one epoch, the same for both frameworks.

    ``order`` is int64 of shape (steps, batch): indices into the training images. ``rows`` and
    ``columns`` are int64 of shape (steps, batch, 64): for each image the source row and column of
    every pixel, which expresses shift and mirror image at once; None without augmentation.
    """

    order: np.ndarray
    rows: np.ndarray | None
    columns: np.ndarray | None

    @property
    def steps(self) -> int:
        """Number of optimiser steps of the epoch."""
        return len(self.order)

    def digest(self, before: str = "") -> str:
        """Hex SHA-256 of this epoch's batches after those whose digest is ``before``."""
        total = hashlib.sha256(before.encode())
        for part in (self.order, self.rows, self.columns):
            total.update(b"-" if part is None else np.ascontiguousarray(part).tobytes())
        return total.hexdigest()


def check_images(images: np.ndarray) -> None:
    """DataError unless ``images`` are what both rooms take: uint8 (N, 64, 64, 3), 0 to 255.

    Neither mistake would be noticed otherwise: floats in [0, 1] would be divided by 255 again, and
    PyTorch takes 70 x 70 pixels without a word, since its last pool rounds the size down.
    """
    if images.ndim != 4 or images.shape[1:] != INPUT_SHAPE:
        raise DataError(
            f"images must have the shape (N, {', '.join(map(str, INPUT_SHAPE))}), not "
            f"{images.shape}; take a slice for a single one: images[0:1]"
        )
    if images.dtype != np.uint8:
        raise DataError(
            f"images must be uint8 from 0 to 255, not {images.dtype}; the model's own door "
            "divides by 255, so give the bytes as they are"
        )


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Whole batches in ``images``; the remainder sits out, a different one each epoch."""
    return max(1, images // batch_size)


def plan_epoch(
    images: int,
    recipe: Recipe,
    epoch: int,
    size: int = 64,
    permutation: Callable[[int, int], np.ndarray] | None = None,
) -> EpochPlan:
    """The batches of ``epoch`` (from 0): a function of the recipe's seed and the epoch alone.

    So a run that was killed goes on with exactly the batches it would have seen. Where the recipe
    leaves the order to the framework, its ``permutation(images, seed)`` takes NumPy's place.
    """
    rng = np.random.default_rng([recipe.seed, 1, epoch])
    batch = min(recipe.batch_size, images)
    steps = steps_per_epoch(images, batch)
    shuffled = rng.permutation(images)
    if recipe.order == "framework":
        if permutation is None:
            raise RecipeError("order 'framework' needs a framework to shuffle; use its trainer")
        shuffled = permutation(images, epoch_seed(recipe, epoch))
    order = shuffled[: steps * batch].reshape(steps, batch)
    if not recipe.augments:
        return EpochPlan(order, None, None)
    shift = rng.integers(-recipe.crop, recipe.crop + 1, (2, steps, batch, 1))
    rows, columns = _mirrored(np.arange(size) + shift, size)
    if recipe.flip:
        flipped = rng.random((steps, batch, 1)) < 0.5
        columns = np.where(flipped, columns[..., ::-1], columns)
    return EpochPlan(order, rows, columns)


def epoch_seed(recipe: Recipe, epoch: int) -> int:
    """The seed of what the frameworks draw by themselves in ``epoch`` (from 0)."""
    return recipe.seed * 100_003 + epoch


def _mirrored(index: np.ndarray, size: int) -> np.ndarray:
    """Fold ``index`` back into 0..size-1 at both borders: -1 becomes 1, size becomes size-2."""
    folded = np.abs(index)
    return np.where(folded > size - 1, 2 * (size - 1) - folded, folded)
