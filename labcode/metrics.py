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

    Of equal logits the one with the lower class number ranks first, as in a stable sort.
    """
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    before = np.arange(logits.shape[1]) < labels[:, None]
    return ((logits > own) | ((logits == own) & before)).sum(axis=1)


def topk_accuracy(logits: np.ndarray, labels: np.ndarray, k: int = 1) -> float:
    """Share of rows of ``logits`` (N, classes) whose true label is among the k highest."""
    return float(np.mean(ranks(logits, labels) < k))


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


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities, same shape and dtype as ``logits``; rows sum to 1."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return shifted / shifted.sum(axis=-1, keepdims=True)
