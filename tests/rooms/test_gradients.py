"""Whatever makes a step faster must leave its gradients as they were.

The reference is PyTorch in float64, eager, with the default memory layout: none of the fast forms.
The batch is larger than one on purpose: a fault of torch.compile on CPUs shows only then.
"""

import shutil

import numpy as np
import pytest

from labcode.recipe import Recipe
from labcode.weights import initial_weights

COMPILER = shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
WEIGHTS = initial_weights("kaiming-uniform", 12)


@pytest.fixture(scope="module")
def batch(colours):
    return colours.train.images[:8], colours.train.labels[:8]


def reference(rooms, batch, smoothing):
    """Loss and gradients in float64."""
    import torch

    room = rooms["pytorch"]
    model = room.build_model(WEIGHTS).to(memory_format=torch.contiguous_format).double()
    images = torch.from_numpy(np.moveaxis(batch[0], 3, 1) / 255.0)
    loss = torch.nn.CrossEntropyLoss(label_smoothing=smoothing)(
        model(images), torch.from_numpy(batch[1])
    )
    loss.backward()
    found = {name: value.grad.numpy() for name, value in model.named_parameters()}
    return loss.item(), room.model.to_canonical(found)


def assert_close(found, expected, tolerance):
    for name, gradient in expected.items():
        scale = abs(gradient).max()
        assert scale > 0
        assert abs(found[name] - gradient).max() < tolerance * scale, name


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_the_plain_step_agrees_with_float64(room, rooms, batch, smoothing):
    expected_loss, expected = reference(rooms, batch, smoothing)
    recipe = Recipe(label_smoothing=smoothing)
    loss, found = room.gradients(room.build_model(WEIGHTS), *batch, recipe)
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_close(found, expected, 1e-4)


def test_gradients_of_the_frameworks_agree(rooms, batch):
    (_, one), (_, other) = (
        room.gradients(room.build_model(WEIGHTS), *batch, Recipe()) for room in rooms.values()
    )
    assert_close(one, other, 1e-4)


def test_bfloat16_points_the_same_way(room, rooms, colours):
    # Rounding errors average out over a batch: at 8 images the cosine is 0.987, at 32 it is 0.997,
    # and a processor without instructions for bfloat16 rounds at other places. A gradient that is
    # wrong, of another layer, transposed or not propagated, has a cosine near 0.
    batch = colours.train.images[:32], colours.train.labels[:32]
    expected_loss, expected = reference(rooms, batch, 0.0)
    model = room.build_model(WEIGHTS)
    loss, found = room.gradients(model, *batch, Recipe(precision="bfloat16"))
    assert loss == pytest.approx(expected_loss, rel=0.02)
    for name, gradient in expected.items():
        a, b = found[name].ravel(), gradient.ravel()
        norms = np.linalg.norm(a), np.linalg.norm(b)
        cosine, size = a @ b / np.prod(norms), norms[0] / norms[1]
        assert cosine > 0.95, f"{name}: cosine {cosine:.4f}"
        # The derivative by a bias is a sum over all positions of all images, which TensorFlow makes
        # too small: for conv1, with 115,200 terms, by a quarter when one thread adds them up, by a
        # twentieth when two do, as if the sum itself were kept in bfloat16.
        lowest = 0.5 if name.endswith("biases") else 0.9
        assert lowest < size < 1.1, f"{name}: {size:.3f} times the size"
        assert found[name].dtype == np.float32


@pytest.mark.skipif(COMPILER is None, reason="torch.compile needs a C++ compiler")
def test_a_compiled_step_agrees_with_float64(room, rooms, batch):
    expected_loss, expected = reference(rooms, batch, 0.0)
    model = room.build_model(WEIGHTS)
    loss, found = room.gradients(model, *batch, Recipe(compile=True))
    assert loss == pytest.approx(expected_loss, rel=1e-5)
    assert_close(found, expected, 1e-4)


def test_asking_for_gradients_moves_no_weight(room, batch):
    model = room.build_model(WEIGHTS)
    room.gradients(model, *batch, Recipe())
    for name, array in room.get_weights(model).items():
        np.testing.assert_array_equal(array, WEIGHTS[name])
