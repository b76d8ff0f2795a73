"""Plain and fast forms take the same steps and give the same logits; only their speed differs."""

import time
from importlib import import_module

import numpy as np
import pytest

from labcode.errors import RecipeError
from labcode.recipe import Recipe
from labcode.weights import initial_weights

WEIGHTS = initial_weights("kaiming-uniform", 12)
# Few small steps: beyond some learning rounding alone makes two paths part.
RECIPE = Recipe(epochs=2, batch_size=32, learning_rate=2e-5)


def forms_of(room):
    return import_module(f"{room.__name__}.forms")


def test_every_form_of_training_takes_the_same_steps(room, colours):
    runs = {
        form: room.train_in_form(form, room.build_model(WEIGHTS), colours, RECIPE, progress=False)
        for form in forms_of(room).TRAINING_FORMS
    }
    ours = runs.pop("labcode")
    assert runs and "plain" in runs
    for form, run in runs.items():
        assert run.epochs[-1].batches == ours.epochs[-1].batches, form
        assert run.column("loss") == pytest.approx(ours.column("loss"), abs=2e-3), form
        assert run.column("val_loss") == pytest.approx(ours.column("val_loss"), abs=2e-3), form
        assert run.column("top1") == pytest.approx(ours.column("top1"), abs=0.04), form


def test_a_training_form_learns_as_fast_as_its_rate(room, colours):
    """A form that took no steps, or other ones, would not meet this."""
    still = Recipe(epochs=1, batch_size=32, learning_rate=1e-12)
    lively = Recipe(epochs=1, batch_size=32, learning_rate=1e-3)
    before = room.evaluate(room.build_model(WEIGHTS), colours.val).loss
    ends = [
        room.train_in_form("plain", room.build_model(WEIGHTS), colours, recipe, progress=False)
        .epochs[-1]
        .val_loss
        for recipe in (still, lively)
    ]
    assert ends[0] == pytest.approx(before, abs=1e-4) and abs(ends[1] - before) > 0.05


def test_what_fit_does_after_its_last_step_is_no_time_of_the_epoch(rooms, colours, monkeypatch):
    room = rooms["tensorflow"]
    model = room.build_model(WEIGHTS)
    fit = model.fit

    def slow_to_end(*args, **options):
        told = fit(*args, **options)
        time.sleep(2)
        return told

    monkeypatch.setattr(model, "fit", slow_to_end)
    start = time.perf_counter()
    recipe = Recipe(epochs=1, batch_size=32)
    (epoch,) = room.train_in_form("plain", model, colours, recipe, progress=False).epochs
    whole = time.perf_counter() - start
    assert epoch.idle_seconds >= 2
    assert 0 < epoch.train_seconds <= whole - epoch.idle_seconds - epoch.val_seconds


def test_every_form_of_inference_gives_the_same_logits(room, colours):
    images = colours.val.images[:5]
    expected = room.predict_logits(room.build_model(WEIGHTS), images)
    forms = [name for name in forms_of(room).INFERENCE_FORMS if name != "compiled"]
    assert len(forms) >= 2
    for form in forms:
        run = room.inference(form, WEIGHTS, images)
        for _ in range(2):
            logits = run()
            assert logits.shape == (5, 200) and logits.dtype == np.float32
            assert abs(logits - expected).max() < 1e-5, form


@pytest.mark.parametrize(
    "change, message",
    [
        ({"crop": 2}, "no augmentation"),
        ({"precision": "bfloat16"}, "bfloat16"),
        ({"schedule": "one-cycle"}, "no schedule one-cycle"),
        ({"loss": "softmax-twice"}, "no loss softmax-twice"),
        ({"label_smoothing": 0.1}, "no label smoothing"),
        ({"optimizer": "sgd"}, "no optimizer sgd"),
    ],
)
def test_a_plain_form_refuses_what_it_would_ignore(room, colours, change, message):
    with pytest.raises(RecipeError, match=message):
        room.train_in_form("plain", room.build_model(), colours, Recipe(epochs=1, **change))


def test_an_unknown_form_is_named_with_those_there_are(room, colours):
    with pytest.raises(RecipeError, match="no form 'fast'.*plain.*labcode"):
        room.train_in_form("fast", room.build_model(), colours, RECIPE)
    with pytest.raises(RecipeError, match="no form 'fast'.*plain.*compiled"):
        room.inference("fast", WEIGHTS, colours.val.images[:1])
