"""The toy CNN in TensorFlow, built from ``labcode.toycnn``, and the door for its weights."""

from collections.abc import Mapping

import keras
import numpy as np

from labcode import weights as canonical
from labcode.toycnn import INPUT_SHAPE, LAYERS, WEIGHTED, Layer
from labcode.weights import Weights


def build_model(
    weights: Mapping[str, np.ndarray] | None = None, dropout: float = 0.0
) -> keras.Model:
    """The toy CNN as a ``keras.Sequential``: (N, 64, 64, 3) images in [0, 1] to (N, 200) logits.

    ``weights`` is a canonical set (``labcode.weights``); without one Keras' own initialiser stays.
    ``dropout`` > 0 puts a ``Dropout`` layer before each dense layer. The last layer's softmax is
    left out, as in the PyTorch room: a loss computed from logits is exact where the logarithm of a
    rounded probability is not.
    """
    layers: list[keras.layers.Layer] = [keras.Input(INPUT_SHAPE)]
    for layer in LAYERS:
        if layer.kind == "dense" and dropout:
            layers.append(keras.layers.Dropout(dropout, name=f"{layer.name}_dropout"))
        layers.append(_keras_layer(layer))
    model = keras.Sequential(layers, name="toycnn")
    if weights is not None:
        set_weights(model, weights)
    return model


def set_weights(model: keras.Model, weights: Mapping[str, np.ndarray]) -> None:
    """Copy a canonical set of weights into ``model``; WeightsError when it does not fit."""
    own = _variables(model)
    for name, array in from_canonical(canonical.check(weights)).items():
        own[name].assign(array)


def get_weights(model: keras.Model) -> Weights:
    """The weights of ``model`` as a canonical set, copied to the host."""
    state = {name: np.array(variable) for name, variable in _variables(model).items()}
    return to_canonical(state)


def from_canonical(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Canonical arrays under Keras' names; the layouts are Keras' own: HWIO, (in, out), HWC."""
    state = {}
    for layer in WEIGHTED:
        state[f"{layer.name}/kernel"] = np.ascontiguousarray(arrays[f"{layer.weights}_weights"])
        state[f"{layer.name}/bias"] = np.ascontiguousarray(arrays[f"{layer.weights}_biases"])
    return state


def to_canonical(state: Mapping[str, np.ndarray]) -> Weights:
    """The inverse of ``from_canonical``, for weights, gradients and moments alike."""
    arrays: Weights = {}
    for layer in WEIGHTED:
        arrays[f"{layer.weights}_weights"] = np.array(state[f"{layer.name}/kernel"])
        arrays[f"{layer.weights}_biases"] = np.array(state[f"{layer.name}/bias"])
    return arrays


def _variables(model: keras.Model) -> dict[str, keras.Variable]:
    found = {}
    for layer in WEIGHTED:
        own = model.get_layer(layer.name)
        found |= {f"{layer.name}/kernel": own.kernel, f"{layer.name}/bias": own.bias}
    return found


def _keras_layer(layer: Layer) -> keras.layers.Layer:
    # The softmax of the last layer belongs to the loss; ReLU stays inside its layer.
    activation = "relu" if layer.activation == "relu" else None
    if layer.kind == "conv":
        *size, _, filters = layer.kernel_shape
        return keras.layers.Conv2D(filters, size, activation=activation, name=layer.name)
    if layer.kind == "dense":
        return keras.layers.Dense(layer.kernel_shape[1], activation=activation, name=layer.name)
    if layer.kind == "pool":
        return keras.layers.MaxPooling2D(2, name=layer.name)
    return keras.layers.Flatten(name=layer.name)
