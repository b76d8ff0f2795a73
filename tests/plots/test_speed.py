"""The figures of speed and accuracy show every run where it belongs."""

import matplotlib
import pytest

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from labcode.experiments import comparing
from labcode.frameworks import FRAMEWORKS
from labcode.plots import speed as plots
from tests.experiments import made_up


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pairs():
    return comparing.accuracy(made_up.study("accuracy"))


def rows(axes):
    """Label -> (end of the bar, the marks, their colour)."""
    names = [label.get_text() for label in axes.get_yticklabels()]
    bars = [bar.get_width() for bar in axes.patches]
    marks = [(list(line.get_xdata()), line.get_color()) for line in axes.lines]
    return dict(zip(names, zip(bars, marks, strict=True), strict=True))


def test_a_row_of_speed_is_a_form_with_a_mark_for_each_seed():
    groups = comparing.speed(made_up.study("speed"))
    figure = plots.show_speed(groups)
    found = rows(figure.axes[0])
    assert len(found) == 13
    bar, (marks, colour) = found["TensorFlow: eager"]
    assert colour == FRAMEWORKS["tensorflow"].colour and len(marks) == 3
    for group, mark in zip(groups, marks, strict=True):
        rates = sorted(comparing.rates([group], ("tensorflow", "eager")))
        assert mark == rates[2]
    assert min(marks) <= bar <= max(marks)
    assert found["PyTorch: labcode, compiled"][0] == pytest.approx(bar * 6.0 / 1.6)
    assert list(found)[0] == "PyTorch: plain" and list(found)[6] == "TensorFlow: plain"
    assert "images/s" in figure.axes[0].get_xlabel() and figure.axes[0].get_xlim()[0] == 0


def test_a_slower_form_moves_its_own_row_only():
    results = made_up.study("speed")
    before = rows(plots.show_speed(comparing.speed(results)).axes[0])
    for run in results:
        if comparing.way(run) == ("pytorch", "plain"):
            for epoch in run.outcome["history"]["epochs"]:
                epoch["images_per_second"] /= 2
    after = rows(plots.show_speed(comparing.speed(results)).axes[0])
    assert {name for name in before if before[name] != after[name]} == {"PyTorch: plain"}


def test_latency_has_a_panel_for_each_batch_and_a_mark_for_each_round():
    groups = comparing.latency(made_up.study("latency"))
    figure = plots.show_latency(groups)
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "time of one image (ms)", "time of 100 images (ms)",
    ]  # fmt: skip
    for axes, group in zip(figure.axes, groups.values(), strict=True):
        _, (marks, _) = rows(axes)["TensorFlow: graph"]
        seconds = group["tensorflow", "graph"].outcome["seconds"]
        assert marks == pytest.approx([1000 * second for second in seconds])


def test_accuracy_shows_each_seed_and_their_mean(pairs):
    figure = plots.show_accuracy(pairs)
    for axes, names in zip(figure.axes, (("32", "64", "128"), ("3", "10", "100")), strict=True):
        assert tuple(label.get_text() for label in axes.get_xticklabels()) == names
        assert len(axes.lines) == 6 and all(len(line.get_ydata()) == 3 for line in axes.lines)
        assert len(axes.collections) == 6
    expected = comparing.sample(pairs, "tensorflow", 64, 20)
    line = figure.axes[0].lines[4]
    assert line.get_color() == FRAMEWORKS["tensorflow"].colour
    assert list(line.get_ydata()) == pytest.approx([100 * value for value in expected.values])
    (segment,) = figure.axes[0].collections[4].get_segments()
    assert segment[0][1] == pytest.approx(100 * expected.mean)
    labels = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert labels == ["PyTorch", "TensorFlow"]


def test_long_runs_are_means_within_their_range(pairs):
    figure = plots.show_long_runs(pairs)
    above, below = figure.axes
    curves = {line.get_label(): line for line in above.lines}
    assert set(curves) == {
        f"{framework.label}, {part}"
        for framework in FRAMEWORKS.values()
        for part in ("training", "validation")
    }
    at_20 = curves["PyTorch, validation"].get_ydata()[19]
    assert at_20 == pytest.approx(100 * comparing.sample(pairs, "pytorch", 32, 20).mean)
    band = below.collections[0].get_paths()[0].vertices
    assert band[:, 0].max() == 100 and len(below.lines) == 2
    low, high = above.collections[1].get_paths()[0].get_extents().intervaly
    values = [100 * e["val_top1"] for p in pairs for e in p["pytorch"].outcome["history"]["epochs"]]
    assert low >= min(values) - 1e-9 and high == pytest.approx(42.32)
