"""Maps of every layer: the same in both rooms, each the layer of the one before it in NumPy."""

from math import prod

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from labcode.errors import DeviceError
from labcode.toycnn import ACTIVATION_ELEMENTS, LAYERS
from labcode.weights import shipped_weights

NAMES = [layer.name for layer in LAYERS]


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return shipped_weights("tiny-imagenet")


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """A smooth picture, one of noise, and one with sharp edges: uint8 (3, 64, 64, 3)."""
    rng = np.random.default_rng(6)
    row, column, channel = np.mgrid[0:64, 0:64, 0:3]
    smooth = 2 * row + column + 20 * channel
    noise = rng.integers(0, 256, (64, 64, 3))
    edges = np.where((row // 9 + column // 13) % 2 == 0, 230 - 60 * channel, 15)
    return np.stack([smooth, noise, edges]).astype(np.uint8)


def layer_in_numpy(layer, x: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """One layer of the toy CNN in float64 by its definition."""
    x = x.astype(np.float64)
    if layer.kind == "pool":
        return sliding_window_view(x, (2, 2), axis=(1, 2))[:, ::2, ::2].max(axis=(-2, -1))
    if layer.kind == "flatten":
        return x.reshape(len(x), -1)
    kernel = weights[f"{layer.weights}_weights"].astype(np.float64)
    if layer.kind == "conv":
        windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
        x = np.tensordot(windows, kernel, axes=([4, 5, 3], [0, 1, 2]))
    else:
        x = x @ kernel
    x = x + weights[f"{layer.weights}_biases"]
    if layer.activation == "softmax":
        x = np.exp(x - x.max(axis=1, keepdims=True))
        return x / x.sum(axis=1, keepdims=True)
    return np.maximum(x, 0)


def test_maps_have_the_names_the_order_and_the_shapes_of_the_table(room, weights, images):
    maps = room.activations(room.build_model(weights), images)
    assert list(maps) == NAMES
    for layer in LAYERS:
        assert maps[layer.name].shape == (3, *layer.output_shape)
        assert maps[layer.name].dtype == np.float32
        assert maps[layer.name].flags.c_contiguous
    assert sum(prod(one.shape[1:]) for one in maps.values()) == ACTIVATION_ELEMENTS


def test_each_map_is_its_layer_applied_to_the_map_before(room, weights, images):
    maps = room.activations(room.build_model(weights), images)
    inputs = {"input": images / 255} | maps
    for before, layer in zip(inputs, LAYERS, strict=False):
        expected = layer_in_numpy(layer, inputs[before], weights)
        np.testing.assert_allclose(
            maps[layer.name], expected, rtol=1e-5, atol=1e-5, err_msg=layer.name
        )


def test_maps_of_the_frameworks_agree(rooms, weights, images):
    one, other = (r.activations(r.build_model(weights), images) for r in rooms.values())
    for name in NAMES:
        np.testing.assert_allclose(one[name], other[name], rtol=0, atol=1e-5, err_msg=name)


def test_flatten_in_channels_first_order_would_be_noticed(room, weights, images):
    maps = room.activations(room.build_model(weights), images)
    channels_first = maps["max_pooling2d_2"].transpose(0, 3, 1, 2).reshape(3, -1)
    assert abs(channels_first - maps["flatten"]).max() > 0.1


def test_the_last_map_is_the_softmax_of_the_logits(room, weights, images):
    model = room.build_model(weights)
    logits = room.predict_logits(model, images).astype(np.float64)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(room.activations(model, images)[NAMES[-1]], expected, atol=1e-6)


def test_dropout_layers_change_nothing(room, weights, images):
    plain = room.activations(room.build_model(weights), images)
    dropped = room.activations(room.build_model(weights, dropout=0.5), images)
    for name in NAMES:
        np.testing.assert_array_equal(plain[name], dropped[name], err_msg=name)


def test_maps_follow_the_weights_of_the_moment(room, weights, images):
    model = room.build_model(weights)
    before = room.activations(model, images[:1])["conv2d"]
    room.set_weights(model, {name: 2 * array for name, array in weights.items()})
    after = room.activations(model, images[:1])["conv2d"]
    np.testing.assert_allclose(after, 2 * before, rtol=1e-6)


def test_the_device_can_be_chosen_and_must_exist(room, weights, images):
    model = room.build_model(weights)
    maps = room.activations(model, images, device="cpu")
    assert maps["flatten"].shape == (3, 2048)
    with pytest.raises(DeviceError, match="abacus"):
        room.activations(model, images, device="abacus")


def hooks_on(model) -> int:
    return sum(len(module._forward_hooks) for module in model.modules())


def test_pytorch_keeps_no_hook_and_each_module_its_mode(rooms, weights, images):
    model = rooms["pytorch"].build_model(weights, dropout=0.5).train()
    model.get_submodule("dense_dropout").eval()
    modes = {name: module.training for name, module in model.named_modules()}
    rooms["pytorch"].activations(model, images)
    assert hooks_on(model) == 0
    assert {name: module.training for name, module in model.named_modules()} == modes


def test_pytorch_keeps_no_hook_when_the_forward_pass_raises(rooms, weights, images):
    model = rooms["pytorch"].build_model(weights).train()

    def fail(x):
        raise MemoryError

    model.get_submodule("dense").forward = fail
    with pytest.raises(MemoryError):
        rooms["pytorch"].activations(model, images)
    assert hooks_on(model) == 0
    assert all(module.training for module in model.modules())


def test_pytorch_leaves_the_hooks_of_others_alone(rooms, weights, images):
    model = rooms["pytorch"].build_model(weights)
    seen = []
    handle = model.get_submodule("conv2d").register_forward_hook(lambda *call: seen.append(1))
    rooms["pytorch"].activations(model, images)
    assert hooks_on(model) == 1 and seen == [1]
    handle.remove()


def test_tensorflow_changes_nothing_in_the_model(rooms, weights, images):
    model = rooms["tensorflow"].build_model(weights)
    rooms["tensorflow"].activations(model, images)
    assert [layer.name for layer in model.layers] == NAMES
    assert len(model.outputs) == 1
    back = rooms["tensorflow"].get_weights(model)
    for name, array in weights.items():
        np.testing.assert_array_equal(back[name], array)
