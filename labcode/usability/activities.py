"""The lab's activities, and where the book writes each of them out in both frameworks."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Piece:
    """Some code of a framework: a cell of a chapter, or a function of its room.

    In a chapter (``source`` is its path without suffix) it is the first cell of the section under
    the label ``section``, in that framework's notebook, in which ``name`` occurs in the code;
    exercises, checks and removed cells are passed over. In a Python file (``source`` ends in
    ``.py``) it is the function ``name``.
    """

    source: str
    section: str
    name: str


@dataclass(frozen=True)
class Activity:
    """What is done, in words for a table, and the code that does it in each framework."""

    title: str
    pieces: Mapping[str, tuple[Piece, ...]]


def _both(title: str, source: str, section: str, name: str, other: str = "") -> Activity:
    """One cell in each tab; ``other`` is TensorFlow's name where the two differ."""
    pieces = {
        "pytorch": (Piece(source, section, name),),
        "tensorflow": (Piece(source, section, other or name),),
    }
    return Activity(title, pieces)


_EXPLORE, _TRAIN = "book/lab/03-exploration", "book/lab/08-training"

ACTIVITIES: dict[str, Activity] = {
    "derivative": _both("Take a derivative", "book/start/tensors", "start-autograd", "found"),
    "images": _both(
        "Read JPEG files in batches", "book/start/pipelines", "start-dataset", "images"
    ),
    "model-list": _both("A network as a list", "book/start/models", "start-three-ways", "as_list"),
    "model-class": _both(
        "A network as a class", "book/start/models", "start-three-ways", "as_class"
    ),
    "saving": _both("Save and load weights", "book/start/models", "start-saving", "again"),
    "summary": _both("Print a summary", "book/lab/02-inference", "a2-model", "summary"),
    "inference": _both(
        "From images to confidences", "book/lab/02-inference", "a3-inference", "probabilities"
    ),
    "accuracy": _both("Top-1 and top-5", "book/lab/02-inference", "a3-accuracy", "metric"),
    "weights": _both("Look at weights", _EXPLORE, "a4-weights", "kernel"),
    "maps": _both("Take every feature map", _EXPLORE, "a4-maps", "taken"),
    "maps-ready-made": _both("The same, ready-made", _EXPLORE, "a4-maps", "extractor", "taps"),
    "profile": _both("Profile a pass", "book/lab/05-profiling", "a5-kernels", "profiler"),
    "step": _both("One step of training", "book/start/loop", "start-step", "optimizer"),
    "loop": _both("A training loop, written out", "book/start/loop", "start-epochs", "train"),
    "training": Activity(
        "Training, the shortest way",
        {
            "pytorch": (Piece("book/start/loop", "start-epochs", "train"),),
            "tensorflow": (Piece("book/start/loop", "start-fit", "fit"),),
        },
    ),
    "whole-run": Activity(
        "With validation, early stopping, a log",
        {
            "pytorch": (
                Piece(_TRAIN, "a7-training", "batch"),
                Piece(_TRAIN, "a7-loop", "make_train_step"),
                Piece(_TRAIN, "a7-loop", "train_epoch"),
                Piece(_TRAIN, "a7-loop", "make_adam"),
                Piece(_TRAIN, "a7-early-stopping", "writer"),
                Piece(_TRAIN, "a7-early-stopping", "best_weights"),
                Piece("labcode/pytorch/evaluation.py", "", "_logits"),
            ),
            "tensorflow": (
                Piece(_TRAIN, "a7-training", "batch"),
                Piece(_TRAIN, "a7-loop", "make_adam"),
                Piece(_TRAIN, "a7-early-stopping", "batches"),
                Piece(_TRAIN, "a7-early-stopping", "stopping"),
            ),
        },
    ),
}
"""In the order of the book."""
