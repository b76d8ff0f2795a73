"""Figures of quantisation show the numbers that they were given."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from labcode import plots  # noqa: E402


@pytest.fixture(autouse=True)
def no_figure_stays_open():
    yield
    plt.close("all")


def test_ranges_show_all_values_as_a_line_and_most_as_a_bar():
    figure = plots.show_ranges(
        {"one": (-2, -1, 0.1, 1, 3)}, {"a": (0, 0, 0, 1, 9), "b": (0, 0, 1, 2, 4)}
    )
    weights, maps = figure.axes
    assert list(weights.lines[0].get_xdata()) == [-2, 3]
    bar = weights.patches[0]
    assert (bar.get_x(), bar.get_x() + bar.get_width()) == (-1, 1)
    assert [text.get_text() for text in maps.get_yticklabels()] == ["a", "b"]
    assert all(axes.get_xlabel() for axes in figure.axes)


def test_accuracy_is_drawn_in_per_cent_over_the_bits_in_their_order():
    accuracies = {"weights": {8: 0.3, 4: 0.2, 2: 0.01}, "weights and maps": {8: 0.29, 4: 0.1, 2: 0}}
    figure = plots.show_accuracy_over_bits(accuracies, "pytorch", 0.31)
    (axes,) = figure.axes
    reference, first, second = axes.lines
    assert reference.get_ydata()[0] == pytest.approx(31)
    assert np.allclose(first.get_ydata(), [30, 20, 1])
    assert [text.get_text() for text in axes.get_xticklabels()] == ["8", "4", "2"]
    assert first.get_linestyle() != second.get_linestyle()
    assert "%" in axes.get_ylabel() and "bits" in axes.get_xlabel()
