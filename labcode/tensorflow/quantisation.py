"""The quantised toy CNN in TensorFlow, simulated: float32 that takes the integers' values only."""

from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

from labcode.quantise import INPUT, Grid
from labcode.tensorflow.model import build_model, set_weights
from labcode.toycnn import INPUT_SHAPE
from labcode.weights import Weights


def build_quantised(weights: Weights, grids: Mapping[str, Grid]) -> keras.Model:
    """The toy CNN that rounds its input and the maps behind its ReLUs onto ``grids``.

    ``grids`` is what ``labcode.quantise.map_grids`` gives; a map without a grid is not rounded.
    ``weights`` are used as they come: give them through ``round_weights`` first. Everything that
    takes the float model takes this one, ``predict_logits`` and ``activations`` alike (the latter
    shows a map before it is rounded).
    """
    layers: list[keras.layers.Layer] = [keras.Input(INPUT_SHAPE)]
    if INPUT in grids:
        layers.append(_Rounding(grids[INPUT], "input_rounding"))
    for layer in build_model().layers:
        # A copy: a layer that is shared would show the outputs that it has in the other model.
        layers.append(type(layer).from_config(layer.get_config()))
        if layer.name in grids:
            layers.append(_Rounding(grids[layer.name], f"{layer.name}_rounding"))
    model = keras.Sequential(layers, name="quantised_toycnn")
    set_weights(model, weights)
    return model


class _Rounding(keras.layers.Layer):
    """Moves each value to the nearest number of a grid, halves to the even one."""

    def __init__(self, grid: Grid, name: str):
        super().__init__(name=name)
        self.ends = grid.lowest, grid.highest
        self.step, self.inverse = float(np.float32(grid.scale)), float(np.float32(grid.inverse))

    def call(self, values: tf.Tensor) -> tf.Tensor:
        return tf.clip_by_value(tf.round(values * self.inverse), *self.ends) * self.step
