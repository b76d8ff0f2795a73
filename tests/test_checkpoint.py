"""A checkpoint is whole or refused, and belongs to one run only."""

from dataclasses import replace

import numpy as np
import pytest

from labcode.checkpoint import Checkpoint, load_checkpoint, resume
from labcode.errors import RecipeError, WeightsError
from labcode.history import Epoch, History
from labcode.recipe import Recipe
from labcode.weights import initial_weights

RECIPE = Recipe(epochs=3, patience=2)


def epoch(number: int, val_loss: float) -> Epoch:
    return Epoch(number, 5.1, 0.01, val_loss, 0.02, 0.05, 0.1, 1e-3, 12.0, 1.0, 250.0, number, "")


def checkpoint() -> Checkpoint:
    history = History(RECIPE, [epoch(1, 5.0), epoch(2, 4.5)])
    weights, best, first, second = (initial_weights(seed=seed) for seed in range(4))
    return Checkpoint(weights, best, (first, second), 200, history, "digest")


@pytest.fixture
def path(tmp_path):
    file = tmp_path / "run.safetensors"
    checkpoint().save(file)
    return file


def test_a_checkpoint_comes_back_whole(path):
    saved, back = checkpoint(), load_checkpoint(path)
    assert back.history == saved.history
    assert (back.step, back.data_digest, len(back.moments)) == (200, "digest", 2)
    for a, b in zip(
        (saved.weights, saved.best, *saved.moments),
        (back.weights, back.best, *back.moments),
        strict=True,
    ):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name], strict=True)


def test_without_a_file_a_run_starts_anew(tmp_path):
    assert resume(None, RECIPE, "digest") is None
    assert resume(tmp_path / "nothing", RECIPE, "digest") is None


def test_the_same_run_goes_on(path):
    assert resume(path, RECIPE, "digest").step == 200


def test_another_recipes_checkpoint_is_refused_and_told_apart(path):
    other = replace(RECIPE, learning_rate=0.5, epochs=9)
    with pytest.raises(RecipeError, match=r"epochs 3 -> 9, learning_rate 0.001 -> 0.5.*delete it"):
        resume(path, other, "digest")


def test_another_data_sets_checkpoint_is_refused(path):
    with pytest.raises(RecipeError, match="another data set"):
        resume(path, RECIPE, "other digest")


@pytest.mark.parametrize("length", [0, 5, 1000, 100_000, -1])
def test_a_file_cut_anywhere_is_refused_with_advice(path, length):
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(WeightsError, match="not a whole checkpoint.*delete it"):
        resume(path, RECIPE, "digest")


def test_a_file_of_weights_is_no_checkpoint(tmp_path):
    from labcode.weights import save_weights

    save_weights(tmp_path / "w", initial_weights())
    with pytest.raises(WeightsError, match="not a whole checkpoint"):
        load_checkpoint(tmp_path / "w")


def test_saving_again_leaves_one_file(path):
    checkpoint().save(path)
    assert list(path.parent.iterdir()) == [path]


def test_history_knows_its_best_epoch_and_when_patience_is_out():
    history = History(RECIPE, [epoch(1, 5.0), epoch(2, 4.5), epoch(3, 4.6)])
    assert history.best.number == 2 and not history.out_of_patience()
    history.epochs.append(epoch(4, 4.7))
    assert history.out_of_patience()
    assert not History(replace(RECIPE, patience=None), history.epochs).out_of_patience()
    assert history.column("val_loss") == [5.0, 4.5, 4.6, 4.7]
