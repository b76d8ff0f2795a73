"""A history finds its best epochs, and the shorter run that it began with."""

import pytest

from labcode.errors import RecipeError
from labcode.history import Epoch, History
from labcode.recipe import Recipe
from labcode.weights import checkpoint_path, load_card


def history(schedule: str = "constant") -> History:
    figures = ((3.0, 0.1, 0.3), (2.0, 0.3, 0.5), (2.5, 0.3, 0.6), (2.8, 0.2, 0.6))
    epochs = [
        Epoch(n, 1.0, 0.5, loss, top1, top5, 0.9, 1e-3, 1.0, 0.1, 64.0, n, "")
        for n, (loss, top1, top5) in enumerate(figures, 1)
    ]
    return History(Recipe(epochs=4, schedule=schedule), epochs)


def test_the_peak_is_the_first_of_equals_and_not_the_lowest_loss():
    run = history()
    assert run.peak("val_top1").number == 2
    assert run.peak("val_top5").number == 3
    assert run.best.number == 2


def test_a_shorter_run_is_the_beginning_of_a_longer_one():
    run = history()
    short = run.first(2)
    assert short.epochs == run.epochs[:2] and short.recipe.epochs == 2
    assert len(run.epochs) == 4 and run.recipe.epochs == 4
    assert History.from_dict(short.asdict()) == short


def test_a_schedule_has_no_shorter_run_within_it():
    with pytest.raises(RecipeError, match="other learning rates"):
        history("one-cycle").first(2)


@pytest.mark.parametrize("count", [0, 5])
def test_a_run_does_not_begin_with_epochs_that_it_has_not(count):
    with pytest.raises(RecipeError, match="4 epochs"):
        history().first(count)


def test_the_history_of_the_shipped_checkpoint_can_be_read():
    card = load_card(checkpoint_path("tiny-imagenet"))
    shipped = History.from_dict(
        {"recipe": card["recipe"], "epochs": card["epochs"], "stopped_early": False}
    )
    assert len(shipped.epochs) == card["recipe"]["epochs"] and shipped.epochs[-1].val_top1 > 0.3
