"""Weights of the toy CNN in one canonical form: initial values in NumPy, files in safetensors.

A set of weights is a dict of sixteen float32 arrays, ``conv1_weights``, ``conv1_biases``, ...,
``dense2_biases``: convolution kernels HWIO, dense kernels (inputs, outputs), the flattened map in
HWC order. Each framework's room converts from this form and back; nothing else does.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from labcode.errors import WeightsError
from labcode.files import atomic_write
from labcode.profiles import SEED
from labcode.toycnn import WEIGHTED, Layer

Weights = dict[str, np.ndarray]

SHAPES: dict[str, tuple[int, ...]] = {
    name: shape
    for layer in WEIGHTED
    for name, shape in (
        (f"{layer.weights}_weights", layer.kernel_shape),
        (f"{layer.weights}_biases", layer.kernel_shape[-1:]),
    )
}
"""Canonical name -> shape, in the order of the layers."""

SHIPPED = Path(__file__).parent / "shipped"


def glorot_uniform(layer: Layer, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Kernel uniform in +-sqrt(6 / (fan_in + fan_out)), biases zero (Glorot and Bengio, 2010)."""
    return _uniform(layer, rng, np.sqrt(6 / (layer.fan_in + layer.fan_out))), _zeros(layer)


def kaiming_uniform(layer: Layer, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Kernel uniform in +-sqrt(6 / fan_in), biases zero (He et al., 2015, for ReLU)."""
    return _uniform(layer, rng, np.sqrt(6 / layer.fan_in)), _zeros(layer)


def pytorch_default(layer: Layer, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and biases uniform in +-1 / sqrt(fan_in): as Conv2d and Linear do."""
    bound = 1 / np.sqrt(layer.fan_in)
    kernel = _uniform(layer, rng, bound)
    biases = rng.uniform(-bound, bound, layer.kernel_shape[-1:]).astype(np.float32)
    return kernel, biases


INITIALISERS = {
    "glorot-uniform": glorot_uniform,
    "kaiming-uniform": kaiming_uniform,
    "pytorch-default": pytorch_default,
    "tensorflow-default": glorot_uniform,
}
"""Name -> initialiser of one layer. Keras' default is Glorot-uniform with zero biases."""


def initial_weights(initialiser: str = "glorot-uniform", seed: int = SEED) -> Weights:
    """Initial weights from NumPy's generator: the same arrays for both frameworks.

    Each layer draws from a stream of its own, so that its values do not depend on the others.
    Raises WeightsError for an unknown initialiser.
    """
    if initialiser not in INITIALISERS:
        raise WeightsError(f"unknown initialiser {initialiser!r}; choose from {list(INITIALISERS)}")
    weights: Weights = {}
    for layer in WEIGHTED:
        rng = np.random.default_rng([seed, layer.index])
        kernel, biases = INITIALISERS[initialiser](layer, rng)
        weights[f"{layer.weights}_weights"] = kernel
        weights[f"{layer.weights}_biases"] = biases
    return weights


def check(weights: Mapping[str, np.ndarray], source: str = "these weights") -> Weights:
    """Return ``weights`` in canonical order; WeightsError names each array that does not fit."""
    faults = [f"{name} is missing" for name in SHAPES if name not in weights]
    faults += [f"{name} does not belong there" for name in weights if name not in SHAPES]
    for name, shape in SHAPES.items():
        array = weights.get(name)
        if array is None:
            continue
        if tuple(array.shape) != shape:
            faults.append(f"{name} has shape {tuple(array.shape)} instead of {shape}")
        elif array.dtype != np.float32:
            faults.append(f"{name} is {array.dtype} instead of float32")
        elif not np.isfinite(array).all():
            faults.append(f"{name} holds values that are not finite")
    if faults:
        raise WeightsError(f"{source} do not fit the toy CNN: " + "; ".join(faults))
    return {name: weights[name] for name in SHAPES}


def save_weights(
    path: str | Path, weights: Mapping[str, np.ndarray], card: dict | None = None
) -> None:
    """Write ``weights`` as a safetensors file, atomically; ``card`` is kept as JSON inside it."""
    arrays = {name: np.ascontiguousarray(array) for name, array in check(weights).items()}
    metadata = {"card": json.dumps(card, sort_keys=True)} if card else None
    atomic_write(path, save(arrays, metadata=metadata))


def load_weights(path: str | Path) -> Weights:
    """Read the weights in the safetensors file ``path``; WeightsError says what is amiss.

    A folder of Lab 2's binaries is read by ``labcode.binaries.read_weights``.
    """
    return check(_read(path)[0], str(path))


def load_card(path: str | Path) -> dict:
    """The model card in the safetensors file ``path``: recipe, data and measured accuracy."""
    return json.loads(_read(path)[1].get("card", "{}"))


def checkpoint_path(dataset: str) -> Path:
    """The shipped checkpoint trained on ``dataset`` (``tiny-imagenet`` or ``sample``)."""
    base = dataset.split("[")[0]
    path = SHIPPED / f"{base}.safetensors"
    if not path.exists():
        known = sorted(one.stem for one in SHIPPED.glob("*.safetensors"))
        raise WeightsError(f"no checkpoint is shipped for data set {dataset!r}; there are {known}")
    return path


def shipped_weights(dataset: str = "tiny-imagenet") -> Weights:
    """The weights of the shipped checkpoint trained on ``dataset``."""
    return load_weights(checkpoint_path(dataset))


def _read(path: str | Path) -> tuple[Weights, dict[str, str]]:
    if not Path(path).is_file():
        raise WeightsError(f"there is no weights file {path}")
    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsError(
            f"{path} is not a whole safetensors file ({error}); copy or download it again"
        ) from error


def _uniform(layer: Layer, rng: np.random.Generator, bound: float) -> np.ndarray:
    return rng.uniform(-bound, bound, layer.kernel_shape).astype(np.float32)


def _zeros(layer: Layer) -> np.ndarray:
    return np.zeros(layer.kernel_shape[-1:], np.float32)
