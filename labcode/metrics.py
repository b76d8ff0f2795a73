"""Accuracy in NumPy: one definition of top-k for both frameworks."""

from dataclasses import asdict, dataclass

import numpy as np


@dataclass(frozen=True)
class Evaluation:
    """Accuracy over ``images`` images, as fractions of 1, and the mean cross-entropy in nats."""

    images: int
    top1: float
    top5: float
    top10: float
    loss: float

    def asdict(self) -> dict:
        """The figures as a plain dict, for JSON."""
        return asdict(self)


def ranks(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rank of the true class of each row, 0 for the highest logit; int64, shape (N,).

    Of equal logits the one with the lower class number ranks first, as in a stable sort. A row
    with a value that is not finite has no order: its true class ranks last, a miss for every k.
    """
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    before = np.arange(logits.shape[1]) < labels[:, None]
    rank = ((logits > own) | ((logits == own) & before)).sum(axis=1)
    return np.where(np.isfinite(logits).all(axis=1), rank, logits.shape[1])


def cross_entropy(logits: np.ndarray, labels: np.ndarray) -> float:
    """Mean of -log softmax(logits)[label] in nats, computed in float64."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=1, keepdims=True)
    own = np.take_along_axis(wide, labels[:, None], axis=1)[:, 0]
    return float(np.mean(np.log(np.exp(wide).sum(axis=1)) - own))


def evaluation(logits: np.ndarray, labels: np.ndarray) -> Evaluation:
    """Top-1, top-5, top-10 and loss of ``logits`` (N, classes) against ``labels`` (N,)."""
    if len(logits) != len(labels):
        raise ValueError(f"{len(logits)} rows of logits but {len(labels)} labels")
    rank = ranks(logits, labels)
    top1, top5, top10 = (float(np.mean(rank < k)) for k in (1, 5, 10))
    return Evaluation(len(labels), top1, top5, top10, cross_entropy(logits, labels))
