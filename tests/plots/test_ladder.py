"""The ladder's figure shows each run, the means with their spread, and the gap, on every rung."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402
from matplotlib.collections import PathCollection  # noqa: E402

from labcode.experiments import analysis, studies  # noqa: E402
from labcode.frameworks import FRAMEWORKS  # noqa: E402
from labcode.plots.ladder import show_ladder  # noqa: E402
from tests.experiments import planted  # noqa: E402


def top1(record) -> float:
    own = 0.2 + 0.001 * (len(repr(record)) % 50)
    return own + 0.01 * record.recipe.seed + 0.05 * (record.framework == "pytorch")


@pytest.fixture(scope="module")
def rungs():
    runs = planted.study("ladder", lambda r: {"val_top1": top1(r), "val_loss": 2.0})
    return analysis.ladder(runs, data="sample")


@pytest.fixture
def figure(rungs):
    yield show_ladder(rungs)
    plt.close("all")


def dots(axes, colour: str) -> list[float]:
    wanted = matplotlib.colors.to_rgb(colour)
    clouds = (each for each in axes.collections if isinstance(each, PathCollection))
    own = (each for each in clouds if np.allclose(each.get_facecolor()[0][:3], wanted))
    return [float(x) for each in own for x in each.get_offsets()[:, 0]]


def test_every_run_is_a_dot_in_the_colour_of_its_framework(rungs, figure):
    accuracy = figure.axes[0]
    for framework, told in FRAMEWORKS.items():
        wanted = [100 * v for rung in rungs for v in rung.sample(framework).values]
        assert sorted(dots(accuracy, told.colour)) == pytest.approx(sorted(wanted))


def test_the_large_marks_are_means_and_their_bars_one_standard_deviation(rungs, figure):
    accuracy = figure.axes[0]
    for framework, drawn in zip(FRAMEWORKS, accuracy.containers, strict=True):
        marks, _, (bars,) = drawn.lines
        samples = [rung.sample(framework) for rung in rungs]
        means = [100 * np.mean(sample.values) for sample in samples]
        assert list(marks.get_xdata()) == pytest.approx(means)
        ends = np.array([segment[:, 0] for segment in bars.get_segments()])
        spread = [100 * np.std(sample.values, ddof=1) for sample in samples]
        assert (ends[:, 1] - ends[:, 0]) / 2 == pytest.approx(spread)
        assert drawn.get_label() == FRAMEWORKS[framework].label


def test_the_gap_is_in_points_with_two_standard_errors(rungs, figure):
    (drawn,) = figure.axes[1].containers
    marks, _, (bars,) = drawn.lines
    assert list(marks.get_xdata()) == pytest.approx([100 * rung.gap().value for rung in rungs])
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    assert (ends[:, 1] - ends[:, 0]) / 2 == pytest.approx([200 * r.gap().error for r in rungs])


def test_the_rungs_stand_from_the_first_at_the_top_to_the_last(rungs, figure):
    accuracy = figure.axes[0]
    low, high = accuracy.get_ylim()
    assert low > high
    names = [text.get_text() for text in accuracy.get_yticklabels()]
    declared = [switch for switch, _ in studies.rungs(rungs[0].records["pytorch"].view)]
    assert len(names) == len(declared)
    assert all(switch in name for switch, name in zip(declared[1:], names[1:], strict=True))
    assert "%" in accuracy.get_xlabel() and "points" in figure.axes[1].get_xlabel()
