"""The step that is measured is a step of training: right gradients, an update, a falling loss."""

import numpy as np
import pytest

from labcode.recipe import Recipe
from labcode.weights import initial_weights


def test_a_step_of_sgd_goes_against_the_gradient(room, colours):
    recipe = Recipe(optimizer="sgd", learning_rate=0.1, batch_size=8)
    images, labels = colours.train.images[:8], colours.train.labels[:8]
    model = room.build_model(initial_weights())
    loss, gradients = room.gradients(model, images, labels, recipe)
    step = room.training_step(model, images, labels, recipe, device="cpu")
    assert float(step()) == pytest.approx(loss, abs=1e-5)
    moved = room.get_weights(model)
    for name, before in initial_weights().items():
        np.testing.assert_allclose(moved[name], before - 0.1 * gradients[name], atol=1e-6)


def test_steps_on_one_batch_learn_it(room, colours):
    recipe = Recipe(learning_rate=1e-3, batch_size=8)
    images, labels = colours.train.images[:8], colours.train.labels[:8]
    model = room.build_model(initial_weights("kaiming-uniform"))
    step = room.training_step(model, images, labels, recipe)
    losses = [float(step()) for _ in range(12)]
    assert losses[-1] < losses[0] - 0.5
