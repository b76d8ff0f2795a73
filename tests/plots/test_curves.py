"""The curves show the figures of the runs, and stay apart without colour."""

import matplotlib
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from labcode import plots
from labcode.frameworks import FRAMEWORKS
from labcode.history import Epoch, History
from labcode.recipe import Recipe

VAL_LOSS = [3.0, 2.5, 2.7]


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    plt.close("all")


def history(batch_size: int = 32) -> History:
    epochs = [
        Epoch(n, 3 / n, 0.1 * n, loss, 0.05 * n, 0.2 * n, 0.3 * n, 1e-3, 1.0, 0.1, 64.0, n, "")
        for n, loss in enumerate(VAL_LOSS, 1)
    ]
    return History(Recipe(epochs=3, batch_size=batch_size), epochs)


def lines(axes) -> dict:
    return {line.get_label(): line for line in axes.get_lines()}


@pytest.mark.parametrize("framework", list(FRAMEWORKS))
def test_one_run_shows_training_and_validation_in_both_figures(framework):
    loss, accuracy = plots.show_curves(history(), framework).axes
    np.testing.assert_allclose(lines(loss)["validation"].get_ydata(), VAL_LOSS)
    np.testing.assert_allclose(lines(loss)["training"].get_ydata(), [3, 1.5, 1])
    np.testing.assert_allclose(lines(accuracy)["training"].get_ydata(), [10, 20, 30])
    np.testing.assert_allclose(lines(accuracy)["validation"].get_ydata(), [5, 10, 15])
    for axes in (loss, accuracy):
        found = lines(axes)
        assert found["training"].get_linestyle() != found["validation"].get_linestyle()
        assert found["validation"].get_color() == FRAMEWORKS[framework].colour
        assert list(found["validation"].get_xdata()) == [1, 2, 3]
    assert "nats" in loss.get_ylabel() and "%" in accuracy.get_ylabel()
    assert accuracy.get_xlabel() == "epoch"


def test_the_lowest_validation_loss_is_marked_as_the_history_has_it():
    loss = plots.show_curves(history(), "pytorch").axes[0]
    marked = lines(loss)[f"lowest val. loss: {history().best.number}"]
    assert set(marked.get_xdata()) == {history().best.number}


def test_a_plain_dict_of_columns_draws_the_same_curves():
    run = history()
    columns = {name: run.column(name) for name in ("loss", "top1", "val_loss", "val_top1")}
    figures = [plots.show_curves(curves, "pytorch") for curves in (run, columns)]
    for a, b in zip(*(figure.axes for figure in figures), strict=True):
        for one, other in zip(a.get_lines(), b.get_lines(), strict=True):
            assert np.array_equal(one.get_xydata(), other.get_xydata())


def test_several_runs_stay_apart_without_colour_and_count_their_steps():
    runs = {f"batch {size}": history(size) for size in (32, 64, 100, 128)}
    epochs, steps = plots.show_runs(runs, "tensorflow", images=200).axes
    looks = {(line.get_linestyle(), line.get_marker()) for line in epochs.get_lines()}
    assert len(looks) == len(runs)
    for label, each in (("batch 32", 6), ("batch 64", 3), ("batch 100", 2), ("batch 128", 1)):
        assert list(lines(steps)[label].get_xdata()) == [each, 2 * each, 3 * each]
        np.testing.assert_allclose(lines(epochs)[label].get_ydata(), [5, 10, 15])


def test_a_run_of_one_epoch_can_be_drawn():
    run = history().first(1)
    for figure in (plots.show_curves(run, "pytorch"), plots.show_runs({"a": run}, "pytorch", 64)):
        figure.canvas.draw()


def test_the_markers_of_a_long_run_stay_apart():
    columns = {name: [1.0] * 100 for name in ("loss", "top1", "val_loss", "val_top1")}
    loss = plots.show_curves(columns, "pytorch").axes[0]
    assert len(loss.get_lines()[0].get_xdata()) / loss.get_lines()[0].get_markevery() <= 25
