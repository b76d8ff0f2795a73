"""Weights from an export: a class can start from the ones that its course hands out."""

from pathlib import Path

from labcode.binaries.faults import lines
from labcode.binaries.inspect import inspect
from labcode.binaries.layout import weights_file
from labcode.errors import WeightsError
from labcode.weights import SHAPES, Weights, check


def read_weights(folder: str | Path) -> Weights:
    """The canonical weights in ``folder``, an export's or its ``model`` folder itself.

    WeightsError names every file that is missing, cut short, of another type or byte order, or
    not finite. Whether convolutions lie in HWIO order no weights file tells by itself: verify the
    export, or measure the accuracy.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise WeightsError(f"there is no folder {folder}")
    if (folder / "model").is_dir():
        folder = folder / "model"
    weights, faults = {}, []
    for name, shape in SHAPES.items():
        values, found = inspect(folder, weights_file(name), f"{name}.bin")
        faults += found
        weights[name] = None if values is None else values.reshape(shape)
    if faults:
        raise WeightsError(f"{folder} holds no whole set of weights. " + " ".join(lines(faults)))
    return check(weights, str(folder))
