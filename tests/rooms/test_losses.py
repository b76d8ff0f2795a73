"""Every form of the loss, and who shuffles, mean the same in both rooms and in NumPy."""

from dataclasses import replace

import numpy as np
import pytest

from labcode.batches import plan_epoch
from labcode.errors import RecipeError
from labcode.recipe import LOSSES, SMALLEST_PROBABILITY, Recipe
from labcode.weights import initial_weights

WEIGHTS = initial_weights("kaiming-uniform", 3)


def in_numpy(logits: np.ndarray, labels: np.ndarray, form: str) -> float:
    """The mean loss, in float64 and by the definition."""

    def softmax(z):
        e = np.exp(z - z.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    probabilities = softmax(logits.astype(np.float64))
    if form == "softmax-twice":
        probabilities = softmax(probabilities)
    if form == "probabilities":
        probabilities = probabilities.clip(SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY)
    return float(-np.log(probabilities[np.arange(len(labels)), labels]).mean())


@pytest.mark.parametrize("form", LOSSES)
def test_a_loss_is_what_numpy_says(room, colours, form):
    images, labels = colours.train.images[:8], colours.train.labels[:8]
    model = room.build_model(WEIGHTS)
    loss, gradients = room.gradients(model, images, labels, Recipe(loss=form))
    expected = in_numpy(room.predict_logits(model, images), labels, form)
    assert loss == pytest.approx(expected, rel=1e-5)
    assert all(np.isfinite(array).all() for array in gradients.values())


def test_losses_differ_where_the_network_is_certain(rooms, colours):
    images, labels = colours.train.images[:8], colours.train.labels[:8]
    certain = {name: array * 4 for name, array in WEIGHTS.items()}
    found = {
        (key, form): room.gradients(room.build_model(certain), images, labels, Recipe(loss=form))[0]
        for key, room in rooms.items()
        for form in LOSSES
    }
    for form in LOSSES:
        assert found["pytorch", form] == pytest.approx(found["tensorflow", form], rel=1e-4)
    # No probability is below the smallest one, so no image costs more than 16.1.
    assert found["pytorch", "probabilities"] < -np.log(SMALLEST_PROBABILITY) + 1e-4
    assert found["pytorch", "logits"] > found["pytorch", "probabilities"]
    assert np.log(1 + 199 / np.e) - 1e-3 < found["pytorch", "softmax-twice"] < 5.31


def test_gradients_vanish_where_the_probability_is_clipped(room, colours):
    images, labels = colours.train.images[:1], colours.train.labels[:1]
    certain = {name: array * 8 for name, array in WEIGHTS.items()}
    model = room.build_model(certain)
    assert -np.log(SMALLEST_PROBABILITY) < room.gradients(model, images, labels, Recipe())[0]
    found = room.gradients(model, images, labels, Recipe(loss="probabilities"))[1]
    assert max(abs(array).max() for array in found.values()) == 0


def test_each_framework_shuffles_by_itself_and_every_image_comes_once(rooms, colours):
    recipe = Recipe(epochs=1, batch_size=16, order="framework", optimizer="sgd")
    seen = {}
    for key, room in rooms.items():
        runs = [
            room.train(room.build_model(WEIGHTS), colours, recipe, progress=False).epochs[-1]
            for _ in range(2)
        ]
        assert runs[0].batches == runs[1].batches and runs[0].steps == 4
        seen[key] = runs[0].batches
    shared = plan_epoch(64, replace(recipe, order="shared"), 0).digest()
    assert len({*seen.values(), shared}) == 3


def test_a_frameworks_permutation_holds_each_image_once(room):
    from importlib import import_module

    training = import_module(f"{room.__name__}.training")
    trainer = object.__new__(training._Trainer)
    one, same, other = (trainer.permutation(50, seed) for seed in (7, 7, 8))
    assert sorted(one.tolist()) == list(range(50))
    assert one.tolist() == same.tolist() != other.tolist()


def test_an_order_of_the_frameworks_needs_a_framework():
    with pytest.raises(RecipeError, match="needs a framework to shuffle"):
        plan_epoch(10, Recipe(order="framework"), 0)


def test_both_frameworks_saw_the_same_batches(rooms, colours):
    recipe = Recipe(epochs=2, batch_size=16, crop=2, flip=True, optimizer="sgd")
    digests = {
        room.train(room.build_model(WEIGHTS), colours, recipe, progress=False).epochs[-1].batches
        for room in rooms.values()
    }
    assert len(digests) == 1


def test_epsilon_hat_is_keras_own_adam(rooms, colours):
    """The first step of Adam moves a weight by rate * g / (|g| + e), e = epsilon / sqrt(1 - b2)."""
    room = rooms["tensorflow"]
    recipe = Recipe(epochs=1, batch_size=64, epsilon=1e-4, learning_rate=1e-3, epsilon_hat=True)
    model = room.build_model(WEIGHTS)
    plan = plan_epoch(64, recipe, 0)
    images, labels = (part[plan.order[0]] for part in (colours.train.images, colours.train.labels))
    _, gradients = room.gradients(model, images, labels, recipe)
    room.train(model, colours, recipe, progress=False)
    moved = room.get_weights(model)["conv3_weights"] - WEIGHTS["conv3_weights"]
    gradient = gradients["conv3_weights"]
    expected = -1e-3 * gradient / (abs(gradient) + 1e-4 / np.sqrt(1 - recipe.beta_2))
    assert abs(moved - expected).max() < 2e-6
    corrected = -1e-3 * gradient / (abs(gradient) + 1e-4)
    assert abs(moved - corrected).max() > 1e-4


def test_pytorch_has_no_epsilon_hat(rooms, colours):
    recipe = Recipe(epochs=1, epsilon_hat=True)
    with pytest.raises(RecipeError, match="epsilon after the correction"):
        rooms["pytorch"].train(rooms["pytorch"].build_model(WEIGHTS), colours, recipe)
