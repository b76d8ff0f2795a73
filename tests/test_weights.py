"""Weights: initialisers against the frameworks' own, files, and what is refused."""

import hashlib

import numpy as np
import pytest

from labcode.errors import WeightsError
from labcode.toycnn import WEIGHTED
from labcode.weights import (
    INITIALISERS,
    SHAPES,
    check,
    checkpoint_path,
    initial_weights,
    load_card,
    load_weights,
    save_weights,
)

BOUNDS = {
    "glorot-uniform": lambda layer: np.sqrt(6 / (layer.fan_in + layer.fan_out)),
    "kaiming-uniform": lambda layer: np.sqrt(6 / layer.fan_in),
    "pytorch-default": lambda layer: np.sqrt(1 / layer.fan_in),
}


def of_labcode(name, layer, seed):
    """The kernel that ``labcode.weights`` draws."""
    return INITIALISERS[name](layer, np.random.default_rng(seed))[0]


def of_pytorch(name, layer, seed):
    """The kernel that ``torch.nn`` draws."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    *size, inputs, outputs = layer.kernel_shape
    module = nn.Conv2d(inputs, outputs, size) if size else nn.Linear(inputs, outputs)
    if name == "glorot-uniform":
        nn.init.xavier_uniform_(module.weight)
    elif name == "kaiming-uniform":
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
    return module.weight.detach().numpy()


def of_keras(name, layer, seed):
    """The kernel that ``keras.initializers`` draws; Keras has no name for PyTorch's default."""
    import keras

    classes = {
        "glorot-uniform": keras.initializers.GlorotUniform,
        "kaiming-uniform": keras.initializers.HeUniform,
    }
    return np.array(classes[name](seed=seed)(layer.kernel_shape))


@pytest.mark.parametrize("name", list(BOUNDS))
@pytest.mark.parametrize("source", [of_labcode, of_pytorch, of_keras])
def test_initialisers_have_the_bounds_and_spread_of_the_frameworks_own(name, source):
    if source is of_keras and name == "pytorch-default":
        pytest.skip("Keras has no such initialiser")
    for layer in WEIGHTED:
        bound = BOUNDS[name](layer)
        # Four draws: the deviation of the smallest kernel alone is uncertain by one per cent.
        kernel = np.stack([source(name, layer, seed) for seed in range(4)])
        assert 0.99 * bound < abs(kernel).max() <= np.float32(bound)
        # A uniform distribution of this bound has this deviation.
        assert kernel.std() == pytest.approx(bound / np.sqrt(3), rel=0.02)
        assert abs(kernel.mean()) < 0.05 * bound


def test_biases_are_zero_but_in_pytorchs_default():
    for name in INITIALISERS:
        weights = initial_weights(name)
        for layer in WEIGHTED:
            biases = weights[f"{layer.weights}_biases"]
            if name == "pytorch-default":
                assert 0 < abs(biases).max() <= 1 / np.sqrt(layer.fan_in)
            else:
                assert not biases.any()


def digest(weights):
    return hashlib.sha256(b"".join(array.tobytes() for array in weights.values())).hexdigest()


def test_the_same_seed_gives_the_same_weights_and_another_others():
    assert digest(initial_weights(seed=1)) == digest(initial_weights(seed=1))
    assert digest(initial_weights(seed=1)) != digest(initial_weights(seed=2))
    kernels = initial_weights(seed=1)
    # Layers of equal shape draw from streams of their own.
    assert not np.array_equal(kernels["conv4_weights"], kernels["conv5_weights"])


def test_weights_are_float32_in_canonical_order():
    weights = initial_weights()
    assert {name: array.shape for name, array in weights.items()} == SHAPES
    assert {array.dtype for array in weights.values()} == {np.dtype(np.float32)}


def test_an_unknown_initialiser_is_refused_with_those_there_are():
    with pytest.raises(WeightsError, match="'xavier'.*glorot-uniform"):
        initial_weights("xavier")


def test_a_file_gives_back_what_was_saved(tmp_path):
    weights = initial_weights("pytorch-default", seed=4)
    path = tmp_path / "w.safetensors"
    save_weights(path, dict(reversed(weights.items())), card={"top1": 0.31})
    back = load_weights(path)
    assert list(back) == list(SHAPES) and digest(back) == digest(weights)
    assert load_card(path) == {"top1": 0.31}


def test_a_cut_file_is_refused(tmp_path):
    path = tmp_path / "w.safetensors"
    save_weights(path, initial_weights())
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(WeightsError, match="no weights file .*nothing"):
        load_weights(tmp_path / "nothing")


def test_every_fault_of_a_set_is_named_at_once():
    weights = initial_weights()
    del weights["dense2_biases"]
    weights["extra"] = np.zeros(3, np.float32)
    weights["conv1_weights"] = weights["conv1_weights"].astype(np.float64)
    weights["conv2_weights"] = weights["conv2_weights"].transpose(3, 2, 0, 1)
    weights["conv3_biases"] = np.full(64, np.nan, np.float32)
    with pytest.raises(WeightsError) as error:
        check(weights, "these")
    for fault in (
        "dense2_biases is missing",
        "extra does not belong there",
        "conv1_weights is float64",
        r"conv2_weights has shape (32, 32, 5, 5) instead of (5, 5, 32, 32)",
        "conv3_biases holds values that are not finite",
    ):
        assert fault in str(error.value)


def test_a_data_set_without_a_checkpoint_is_named():
    with pytest.raises(WeightsError, match="no checkpoint is shipped for data set 'cifar'"):
        checkpoint_path("cifar")
