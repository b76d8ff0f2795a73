"""A training run on disk after each epoch: enough to go on as if it had never been killed.

The file is safetensors with everything in canonical form, so it belongs to neither framework:
``weights/...``, ``best/...`` and, for each of the optimiser's moments, ``moment0/...``,
``moment1/...``; the history, the step and the data set's digest are JSON in its header.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from labcode import weights as canonical
from labcode.errors import RecipeError, WeightsError
from labcode.files import atomic_write
from labcode.history import History
from labcode.recipe import Recipe
from labcode.weights import Weights


@dataclass(frozen=True)
class Checkpoint:
    """A run after ``len(history.epochs)`` epochs and ``step`` optimiser steps.

    ``moments`` is empty for plain SGD, one set of arrays for momentum, two for Adam.
    """

    weights: Weights
    best: Weights
    moments: tuple[Weights, ...]
    step: int
    history: History
    data_digest: str

    def save(self, path: str | Path) -> None:
        """Write the checkpoint atomically: a kill at any moment leaves the last whole one."""
        groups = {"weights": self.weights, "best": self.best}
        groups |= {f"moment{i}": moment for i, moment in enumerate(self.moments)}
        arrays = {
            f"{group}/{name}": np.ascontiguousarray(array)
            for group, values in groups.items()
            for name, array in canonical.check(values, group).items()
        }
        state = {
            "history": self.history.asdict(),
            "step": self.step,
            "moments": len(self.moments),
            "data_digest": self.data_digest,
        }
        atomic_write(path, save(arrays, metadata={"state": json.dumps(state)}))


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read what ``Checkpoint.save`` wrote; WeightsError when the file is not whole."""
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}
            state = json.loads((file.metadata() or {})["state"])
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a whole checkpoint ({error}); delete it to start the training anew"
        ) from error

    def group(name: str) -> Weights:
        prefix = f"{name}/"
        found = {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}
        return canonical.check(found, f"{path}, {name}")

    moments = tuple(group(f"moment{i}") for i in range(state["moments"]))
    history = History.from_dict(state["history"])
    return Checkpoint(
        group("weights"), group("best"), moments, state["step"], history, state["data_digest"]
    )


def resume(path: str | Path | None, recipe: Recipe, data_digest: str) -> Checkpoint | None:
    """The checkpoint to go on from, None when there is none yet.

    Raises RecipeError when the file belongs to another recipe or data set: going on from it would
    mix two runs into one that neither recipe describes.
    """
    if path is None or not Path(path).exists():
        return None
    checkpoint = load_checkpoint(path)
    old, new = checkpoint.history.recipe.asdict(), recipe.asdict()
    differences = [
        f"{name} {old[name]!r} -> {new[name]!r}" for name in new if old[name] != new[name]
    ]
    if checkpoint.data_digest != data_digest:
        differences.append("another data set")
    if differences:
        raise RecipeError(
            f"{path} belongs to another run ({', '.join(differences)}); "
            "delete it or choose another checkpoint file"
        )
    return checkpoint
