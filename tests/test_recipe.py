"""A recipe says all that decides a training run, and refuses what contradicts itself."""

import json
from dataclasses import replace

import numpy as np
import pytest

from labcode.errors import RecipeError
from labcode.recipe import Recipe


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"epochs": 0}, "epochs must be at least 1"),
        ({"batch_size": 0}, "batch_size must be at least 1"),
        ({"learning_rate": 0.0}, "learning_rate must be positive"),
        ({"dropout": 1.0}, "dropout must lie in"),
        ({"label_smoothing": -0.1}, "label_smoothing must lie in"),
        ({"crop": 33}, "crop must lie in 0..32"),
        ({"patience": 0}, "patience must be at least 1"),
        ({"weight_decay": 0.1}, "weight_decay works with optimizer 'adamw' only"),
        ({"optimizer": "lion"}, "unknown optimizer 'lion'.*adamw"),
        ({"schedule": "step"}, "unknown schedule 'step'"),
        ({"precision": "float16"}, "unknown precision 'float16'.*bfloat16"),
        ({"loss": "hinge"}, "unknown loss 'hinge'.*softmax-twice"),
        ({"order": "mine"}, "unknown order 'mine'.*shared"),
        ({"loss": "probabilities", "label_smoothing": 0.1}, "works with the loss 'logits' only"),
        ({"optimizer": "sgd", "epsilon_hat": True}, "epsilon_hat belongs to Adam"),
    ],
)
def test_a_recipe_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(RecipeError, match=message):
        Recipe(**changes)
    with pytest.raises(RecipeError, match=message):
        replace(Recipe(), **changes)


def test_a_recipe_survives_json():
    recipe = Recipe(optimizer="adamw", weight_decay=0.05, patience=3, crop=4)
    assert Recipe.from_dict(json.loads(json.dumps(recipe.asdict()))) == recipe


def test_a_field_that_does_not_exist_is_named():
    with pytest.raises(RecipeError, match="no field lr, warmup"):
        Recipe.from_dict({"lr": 1, "warmup": 2, "epochs": 3})


def test_a_constant_schedule_is_constant():
    rates = Recipe(learning_rate=0.02).learning_rates(7)
    assert rates.dtype == np.float32 and rates.shape == (7,)
    assert (rates == np.float32(0.02)).all()


@pytest.mark.parametrize("steps", [1, 2, 5, 100])
def test_one_cycle_gives_a_positive_rate_for_each_step(steps):
    rates = Recipe(schedule="one-cycle", learning_rate=0.1).learning_rates(steps)
    assert rates.shape == (steps,) and (rates > 0).all() and rates.max() <= np.float32(0.1)


def test_one_cycle_rises_to_its_peak_and_falls_to_almost_nothing():
    rates = Recipe(schedule="one-cycle", learning_rate=0.1).learning_rates(100)
    assert rates[0] == pytest.approx(0.1 / 25)
    assert rates.argmax() == 20 and rates[20] == pytest.approx(0.1)
    assert (np.diff(rates[:21]) > 0).all() and (np.diff(rates[20:]) < 0).all()
    assert rates[-1] == pytest.approx(1e-5)
