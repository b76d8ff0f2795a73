"""The model and its door: the same network in both frameworks and in plain NumPy."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from labcode.errors import WeightsError
from labcode.toycnn import LAYERS, MACS, PARAMETERS, WEIGHTED
from labcode.weights import SHAPES, initial_weights


def random_weights(seed: int = 3) -> dict[str, np.ndarray]:
    """Kaiming-sized kernels and biases that are not zero, so that no mistake hides."""
    rng = np.random.default_rng(seed)
    weights = initial_weights("kaiming-uniform", seed)
    return {
        name: array if array.any() else rng.normal(0, 0.1, array.shape).astype(np.float32)
        for name, array in weights.items()
    }


def logits_in_numpy(images: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    """The toy CNN in float64 by its definition, sharing nothing with the frameworks."""
    x = images / 255.0
    for layer in LAYERS:
        if layer.kind == "pool":
            x = sliding_window_view(x, (2, 2), axis=(1, 2))[:, ::2, ::2].max(axis=(-2, -1))
        elif layer.kind == "flatten":
            x = x.reshape(len(x), -1)
        else:
            kernel = weights[f"{layer.weights}_weights"].astype(np.float64)
            if layer.kind == "conv":
                windows = sliding_window_view(x, kernel.shape[:2], axis=(1, 2))
                x = np.tensordot(windows, kernel, axes=([4, 5, 3], [0, 1, 2]))
            else:
                x = x @ kernel
            x = x + weights[f"{layer.weights}_biases"]
        if layer.activation == "relu":
            x = np.maximum(x, 0)
    return x


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, (4, 64, 64, 3), dtype=np.uint8)


def test_logits_equal_those_of_numpy_in_float64(room, images):
    weights = random_weights()
    logits = room.predict_logits(room.build_model(weights), images)
    assert logits.dtype == np.float32 and logits.shape == (4, 200)
    np.testing.assert_allclose(logits, logits_in_numpy(images, weights), atol=1e-4)


def test_logits_of_the_frameworks_agree(rooms, images):
    weights = random_weights(seed=8)
    one, other = (r.predict_logits(r.build_model(weights), images) for r in rooms.values())
    np.testing.assert_allclose(one, other, atol=1e-4)
    assert (one.argmax(1) == other.argmax(1)).all()


def test_weights_come_back_from_the_model_as_they_went_in(room):
    weights = random_weights()
    back = room.get_weights(room.build_model(weights))
    assert list(back) == list(SHAPES)
    for name in SHAPES:
        np.testing.assert_array_equal(back[name], weights[name], strict=True)


def test_conversion_there_and_back_changes_nothing(room):
    model = room.model
    weights = random_weights()
    back = model.to_canonical(model.from_canonical(weights))
    for name in SHAPES:
        np.testing.assert_array_equal(back[name], weights[name], strict=True)


def test_a_model_keeps_its_own_copy_of_the_weights(room):
    weights = random_weights()
    model = room.build_model(weights)
    before = {name: array.copy() for name, array in weights.items()}
    room.get_weights(model)["conv1_weights"][:] = 7
    weights["conv1_weights"][:] = 9
    np.testing.assert_array_equal(room.get_weights(model)["conv1_weights"], before["conv1_weights"])


def test_layers_are_named_as_in_the_table(rooms):
    names = [layer.name for layer in LAYERS]
    torch_names = [n for n, _ in rooms["pytorch"].build_model().named_children()]
    assert [n for n in torch_names if not n.endswith("_relu")] == names
    assert [layer.name for layer in rooms["tensorflow"].build_model().layers] == names


def test_parameters_and_macs_equal_an_independent_count(rooms):
    from torchinfo import summary

    counted = summary(rooms["pytorch"].build_model(), (1, 3, 64, 64), verbose=0)
    assert counted.total_params == PARAMETERS
    # torchinfo counts each bias as one more multiplication for each output.
    biases = sum(int(np.prod(layer.output_shape)) for layer in WEIGHTED)
    assert counted.total_mult_adds - biases == MACS
    assert rooms["tensorflow"].build_model().count_params() == PARAMETERS


def test_weights_that_do_not_fit_are_refused_by_name(room):
    weights = random_weights()
    weights["conv3_weights"] = weights["conv3_weights"].transpose(3, 2, 0, 1)
    with pytest.raises(WeightsError, match="conv3_weights has shape"):
        room.build_model(weights)


def test_a_fresh_model_has_the_frameworks_own_default(rooms):
    import keras
    import torch

    torch.manual_seed(1)
    keras.utils.set_random_seed(1)
    names = {"pytorch": "pytorch-default", "tensorflow": "tensorflow-default"}
    for key, room in rooms.items():
        fresh = room.get_weights(room.build_model())
        ours = initial_weights(names[key], seed=1)
        for layer in WEIGHTED:
            a, b = fresh[f"{layer.weights}_weights"], ours[f"{layer.weights}_weights"]
            # Both are uniform, so the largest values come close to the same bound.
            assert abs(a).max() == pytest.approx(abs(b).max(), rel=0.01)
            assert a.std() == pytest.approx(b.std(), rel=0.04)
            a, b = fresh[f"{layer.weights}_biases"], ours[f"{layer.weights}_biases"]
            assert bool(a.any()) == bool(b.any()) == (key == "pytorch")
