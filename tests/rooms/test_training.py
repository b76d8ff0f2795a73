"""A run learns, stops, survives a kill, and refuses what would spoil it."""

import importlib
import pickle
import signal
import subprocess
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from labcode.checkpoint import load_checkpoint
from labcode.errors import RecipeError, TrainingError, WeightsError
from labcode.recipe import Recipe
from labcode.weights import initial_weights

EVERYTHING = Recipe(
    epochs=3,
    batch_size=16,
    optimizer="adamw",
    weight_decay=0.05,
    schedule="one-cycle",
    label_smoothing=0.1,
    dropout=0.3,
    crop=4,
    flip=True,
)
WEIGHTS = initial_weights("glorot-uniform", 5)


def test_a_run_learns_and_its_history_tells_so(room, colours, capsys):
    recipe = Recipe(epochs=6, batch_size=24, optimizer="adam")
    seen = []
    model = room.build_model(WEIGHTS)
    history = room.train(model, colours, recipe, on_epoch=seen.append)
    assert seen == history.epochs and [epoch.number for epoch in seen] == [1, 2, 3, 4, 5, 6]
    assert history.epochs[0].loss == pytest.approx(np.log(200), abs=0.3)
    assert history.epochs[-1].loss < 3.5 and history.epochs[-1].top1 > 0.1
    assert "epoch   6/6" in capsys.readouterr().out
    last = room.evaluate(model, colours.val)
    assert last.loss == pytest.approx(seen[-1].val_loss, abs=1e-5)
    assert (last.top1, last.top10) == (seen[-1].val_top1, seen[-1].val_top10)
    for epoch in seen:
        assert epoch.images_per_second == pytest.approx(48 / epoch.train_seconds)


def test_the_loss_is_the_mean_over_this_epochs_steps_alone(room, colours):
    frozen = Recipe(epochs=2, batch_size=32, optimizer="sgd", learning_rate=1e-12)
    history = room.train(room.build_model(WEIGHTS), colours, frozen, progress=False)
    expected = room.evaluate(room.build_model(WEIGHTS), colours.train)
    assert history.column("loss") == pytest.approx([expected.loss] * 2, abs=1e-5)
    assert history.column("top1") == pytest.approx([expected.top1] * 2)


def test_bfloat16_learns_too(room, colours):
    recipe = Recipe(epochs=3, batch_size=24, precision="bfloat16")
    history = room.train(room.build_model(WEIGHTS), colours, recipe, progress=False)
    assert history.epochs[-1].loss < 4 < 5 < history.epochs[0].loss


def test_the_same_recipe_gives_the_same_run(room, colours):
    recipe = replace(EVERYTHING, epochs=1)
    runs = []
    for _ in range(2):
        model = room.build_model(WEIGHTS, dropout=0.3)
        runs.append(room.train(model, colours, recipe, progress=False).column("loss"))
    other = room.train(
        room.build_model(WEIGHTS, dropout=0.3), colours, replace(recipe, seed=1), progress=False
    )
    assert runs[0] == pytest.approx(runs[1], abs=1e-6)
    assert runs[0] != pytest.approx(other.column("loss"), abs=1e-6)


KILLED = """
import importlib, os, pickle, signal, sys, threading
from labcode.recipe import Recipe
key, path, data = sys.argv[1:]
room = importlib.import_module("labcode." + key)
dataset, recipe, weights = pickle.load(open(data, "rb"))

def kill_in_the_next_epoch(epoch):
    threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGKILL)).start()

model = room.build_model(weights, dropout=recipe.dropout)
room.train(model, dataset, recipe, checkpoint=path, progress=False, on_epoch=kill_in_the_next_epoch)
"""


def test_a_killed_run_goes_on_as_if_nothing_had_happened(room, colours, tmp_path):
    path, data = tmp_path / "run.safetensors", tmp_path / "data"
    # Of a data set a run reads no more than this.
    train, val = (
        SimpleNamespace(images=split.images, labels=split.labels)
        for split in (colours.train, colours.val)
    )
    plain = SimpleNamespace(train=train, val=val, digest=colours.digest)
    data.write_bytes(pickle.dumps((plain, EVERYTHING, WEIGHTS)))
    key = room.__name__.split(".")[-1]
    child = subprocess.run([sys.executable, "-c", KILLED, key, path, data], timeout=300)
    assert child.returncode == -signal.SIGKILL
    assert len(load_checkpoint(path).history.epochs) < 3

    resumed = room.build_model(dropout=0.3)
    history = room.train(resumed, colours, EVERYTHING, checkpoint=path, progress=False)
    unbroken = room.build_model(WEIGHTS, dropout=0.3)
    expected = room.train(unbroken, colours, EVERYTHING, progress=False)
    assert history.column("val_loss") == pytest.approx(expected.column("val_loss"), abs=1e-5)
    for name, array in room.get_weights(unbroken).items():
        np.testing.assert_allclose(room.get_weights(resumed)[name], array, atol=1e-6)


def test_a_finished_run_is_not_run_again(room, colours, tmp_path):
    path = tmp_path / "run.safetensors"
    recipe = Recipe(epochs=1, batch_size=32)
    first = room.build_model(WEIGHTS)
    history = room.train(first, colours, recipe, checkpoint=path, progress=False)
    second = room.build_model()
    again = room.train(second, colours, recipe, checkpoint=path, progress=False)
    assert again.epochs == history.epochs
    np.testing.assert_array_equal(
        room.get_weights(second)["dense2_biases"], room.get_weights(first)["dense2_biases"]
    )


def test_a_damaged_checkpoint_is_refused_before_anything_is_trained(room, colours, tmp_path):
    path = tmp_path / "run.safetensors"
    recipe = Recipe(epochs=1, batch_size=64)
    model = room.build_model(WEIGHTS)
    room.train(model, colours, recipe, checkpoint=path, progress=False)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(WeightsError, match="not a whole checkpoint.*delete it"):
        room.train(model, colours, recipe, checkpoint=path, progress=False)


def test_patience_stops_the_run_and_gives_the_best_weights_back(room, misleading):
    recipe = Recipe(epochs=20, batch_size=32, patience=2)
    model = room.build_model(WEIGHTS)
    history = room.train(model, misleading, recipe, progress=False)
    assert history.stopped_early
    assert len(history.epochs) == history.best.number + 2 < 20
    measured = room.evaluate(model, misleading.val)
    assert measured.loss == pytest.approx(history.best.val_loss, abs=1e-5)
    assert measured.loss < history.epochs[-1].val_loss


@pytest.mark.parametrize("optimizer", ["sgd", "adam", "adamw"])
def test_each_optimiser_works_in_a_bare_loop_too(room, colours, optimizer):
    benchmark = importlib.import_module(f"{room.__name__}.benchmark")
    recipe = Recipe(batch_size=32, optimizer=optimizer)
    assert benchmark.bare_loop(room.build_model(WEIGHTS), colours, recipe, steps=1) > 0


def test_dropout_must_be_the_recipes(room, colours):
    with pytest.raises(RecipeError, match=r"recipe says dropout 0.3, the model has 0.0;"):
        room.train(room.build_model(), colours, EVERYTHING)
    with pytest.raises(RecipeError, match=r"dropout 0.0, the model has 0.5;"):
        room.train(room.build_model(dropout=0.5), colours, Recipe())


def test_a_diverged_run_is_an_error_and_keeps_its_checkpoint(room, colours, tmp_path):
    path = tmp_path / "run.safetensors"
    recipe = Recipe(epochs=2, batch_size=16, optimizer="sgd", learning_rate=1e12)
    with pytest.raises(TrainingError, match="diverged"):
        room.train(room.build_model(WEIGHTS), colours, recipe, checkpoint=path, progress=False)
    assert not path.exists()
