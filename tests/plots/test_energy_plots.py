"""The figures of the energy and GPU chapters show what they are given."""

import matplotlib
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from labcode import plots
from labcode.energy import estimate


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_a_layers_bar_ends_at_its_total_in_microjoules():
    layers = estimate()
    axes = plots.show_layer_energy(layers)
    ends = [bar.get_x() + bar.get_width() for bar in axes.containers[-1]]
    assert ends == pytest.approx([1e6 * layer.total for layer in layers])
    assert [label.get_text() for label in axes.get_yticklabels()] == [one.name for one in layers]
    assert "µJ" in axes.get_xlabel()


def test_the_remote_picture_names_all_three_machines():
    texts = " ".join(text.get_text() for text in plots.show_remote_machine().axes[0].texts)
    for word in ("laptop", "login node", "compute node", "tunnel", "8888", "6006"):
        assert word in texts
