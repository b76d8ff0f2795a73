"""From equal weights and equal batches both frameworks train to equal losses."""

import numpy as np
import pytest

from labcode.recipe import Recipe
from labcode.weights import initial_weights


def val_losses(rooms, dataset, recipe):
    """Validation loss after each epoch, one row for each framework."""
    weights = initial_weights("glorot-uniform", 21)
    rows = []
    for room in rooms.values():
        history = room.train(room.build_model(weights), dataset, recipe, progress=False)
        rows.append(history.column("val_loss"))
    return np.array(rows)


def test_losses_agree_after_one_step_of_sgd(rooms, colours):
    recipe = Recipe(epochs=1, batch_size=64, optimizer="sgd", learning_rate=0.01)
    one, other = val_losses(rooms, colours, recipe)
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_losses_agree_after_ten_steps_of_sgd(rooms, ten_steps):
    recipe = Recipe(epochs=1, batch_size=32, optimizer="sgd", learning_rate=0.01)
    one, other = val_losses(rooms, ten_steps, recipe)
    np.testing.assert_allclose(one, other, atol=5e-3)


def test_losses_agree_after_thirty_steps_of_adam(rooms, ten_steps):
    recipe = Recipe(epochs=3, batch_size=32, optimizer="adam", learning_rate=1e-4)
    losses = val_losses(rooms, ten_steps, recipe)
    np.testing.assert_allclose(losses[0], losses[1], atol=1e-2)
    assert (losses[:, -1] < 4).all(), "nothing was learnt, so agreement says little"


def test_epsilon_means_the_same_in_both(rooms, colours):
    # Large enough to decide the step: placed as Keras does, it would be 30 times as large.
    recipe = Recipe(epochs=1, batch_size=32, optimizer="adam", epsilon=1e-3)
    one, other = val_losses(rooms, colours, recipe)
    np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "learning_rate": 0.01, "momentum": 0.9, "schedule": "one-cycle"},
        {"optimizer": "adamw", "learning_rate": 1e-4, "weight_decay": 0.1, "label_smoothing": 0.1},
    ],
    ids=lambda changes: changes["optimizer"],
)
@pytest.mark.parametrize("first, second", [("pytorch", "tensorflow"), ("tensorflow", "pytorch")])
def test_one_framework_goes_on_from_the_others_checkpoint(
    rooms, colours, tmp_path, first, second, changes
):
    recipe = Recipe(epochs=2, batch_size=32, seed=3, **changes)
    weights = initial_weights("glorot-uniform", 21)
    path = tmp_path / "run.safetensors"

    class Cut(Exception):
        pass

    def cut(epoch):
        raise Cut

    room = rooms[first]
    with pytest.raises(Cut):
        room.train(
            room.build_model(weights),
            colours,
            recipe,
            checkpoint=path,
            progress=False,
            on_epoch=cut,
        )
    room = rooms[second]
    mixed = room.train(room.build_model(), colours, recipe, checkpoint=path, progress=False)
    whole = room.train(room.build_model(weights), colours, recipe, progress=False)
    np.testing.assert_allclose(mixed.column("val_loss"), whole.column("val_loss"), atol=5e-3)
