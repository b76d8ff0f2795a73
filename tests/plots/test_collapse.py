"""The figures of collapse show every run before and after, and nothing that is 0 gets lost."""

import math

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

from labcode.experiments import analysis, studies  # noqa: E402
from labcode.frameworks import FRAMEWORKS  # noqa: E402
from labcode.plots import collapse as plots  # noqa: E402
from labcode.toycnn import LAYERS  # noqa: E402
from tests.experiments import planted  # noqa: E402

NAMES = [layer.name for layer in LAYERS if layer.weights]


def probe(epoch: int, varies: float, dead: float, gradient: float, loss: float = 5.2) -> dict:
    return {
        "epoch": epoch,
        "varies": varies,
        "loss": loss,
        "dead": dict.fromkeys(NAMES, 0.5) | {plots.DEEP: dead},
        "gradient": dict.fromkeys(NAMES, 9.0) | {plots.FIRST: gradient},
        "maps": dict.fromkeys(NAMES, 1.0),
    }


def varies(record, epoch: int) -> float:
    return 10.0 ** -(1 + record.recipe.seed + epoch + (record.framework == "pytorch"))


@pytest.fixture(scope="module")
def cases():
    runs = []
    for record in studies.study("collapse", "sample").records:
        probes = [
            probe(epoch, varies(record, epoch), 0.1 * epoch, 0.01 if epoch == 0 else 0.0)
            for epoch in range(3)
        ]
        figures = {"val_top1": 0.0, "val_loss": math.log(200)}
        runs.append(planted.result(record, figures, probes))
    return analysis.cases(runs, data="sample")


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def marks(axes, framework: str, filled: bool) -> list[float]:
    """The values of all marks of a framework, those after the run or those before it."""
    return [
        float(line.get_xdata()[0])
        for line in axes.get_lines()
        if line.get_color() == FRAMEWORKS[framework].colour
        and (line.get_fillstyle() != "none") == filled
    ]


@pytest.mark.parametrize("framework", list(FRAMEWORKS))
def test_every_run_has_a_mark_before_and_after_in_its_colour(cases, framework):
    panel = plots.show_collapse(cases).axes[0]
    runs = [run for case in cases for run in case.runs[framework]]
    for filled, index in ((False, 0), (True, -1)):
        wanted = [run.outcome["probes"][index]["varies"] for run in runs]
        assert sorted(marks(panel, framework, filled)) == pytest.approx(sorted(wanted))


def test_the_other_panels_show_dead_units_in_per_cent_and_the_gradient(cases):
    _, dead, gradient = plots.show_collapse(cases).axes
    assert set(np.round(marks(dead, "pytorch", True), 6)) == {20}
    assert set(marks(gradient, "pytorch", False)) == {0.01}
    assert plots.DEEP in dead.get_xlabel() and "%" in dead.get_xlabel()


def test_a_gradient_of_zero_stands_at_the_zero_of_a_logarithmic_axis(cases):
    gradient = plots.show_collapse(cases).axes[2]
    assert set(marks(gradient, "tensorflow", True)) == {plots.FLOOR}
    ticks = dict(zip(gradient.get_xticks(), gradient.get_xticklabels(), strict=True))
    assert ticks[plots.FLOOR].get_text() == "0"
    assert gradient.get_xlim()[0] < plots.FLOOR


def test_every_row_is_named_and_the_threshold_is_drawn(cases):
    panel = plots.show_collapse(cases).axes[0]
    texts = [text.get_text().replace("\n", ", ") for text in panel.get_yticklabels()]
    assert texts == [case.label for case in cases]
    grey = [line for line in panel.get_lines() if line.get_color() == "0.45"]
    assert [set(line.get_xdata()) for line in grey] == [{analysis.SEES_NOTHING}]


def test_an_escape_is_drawn_over_the_steps_of_the_run(cases):
    long = [case for case in cases if case.steps > min(one.steps for one in cases)]
    losses, vary = plots.show_escape(long).axes
    lines = [line for line in losses.get_lines() if line.get_label()[0] != "_"]
    assert len(lines) == sum(len(case.every()) for case in long) > 1
    for line in lines:
        assert list(line.get_xdata()) == [0, long[0].steps / 2, long[0].steps]
        assert list(line.get_ydata()) == [5.2] * 3
    looks = {(line.get_color(), line.get_linestyle()) for line in lines}
    assert len(looks) == len(lines)
    (across,) = [line for line in losses.get_lines() if line.get_color() == "0.45"]
    assert across.get_ydata()[0] == pytest.approx(math.log(200))
    assert vary.get_yscale() == "log"


def test_sizes_by_layer_stay_apart_in_grey_and_keep_their_layers():
    sizes = {"one": {"a": 1.0, "b": 0.1}, "two": {"a": 1.0, "b": 0.5}}
    (axes,) = plots.show_signal(sizes, "size of the maps").axes
    first, second = axes.get_lines()
    assert list(first.get_ydata()) == [1, 0.1] and list(second.get_ydata()) == [1, 0.5]
    assert first.get_linestyle() != second.get_linestyle()
    assert [text.get_text() for text in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_yscale() == "log" and axes.get_ylabel() == "size of the maps"
    taken = {framework.colour for framework in FRAMEWORKS.values()}
    assert not taken & {first.get_color(), second.get_color()}
