"""The stopwatch is fair: warm-ups do not count, cases take turns, ratios are paired."""

import numpy as np
import pytest

from labcode.timing import Times, interleave, measure, ratios


def test_warm_ups_do_not_count_and_the_device_is_waited_for():
    calls = []
    times = measure(lambda: calls.append("work"), lambda: calls.append("wait"), 2, warmup=1)
    assert calls == ["work", "wait", "work", "wait", "work", "wait"]
    assert len(times.seconds) == 2


def test_times_tell_median_and_spread():
    times = Times((0.004, 0.001, 0.002))
    assert (times.median, times.low, times.high) == (0.002, 0.001, 0.004)
    assert times.milliseconds(".0f") == "2 (1 to 4) ms"


@pytest.mark.parametrize("share", [0, 50, 95, 99, 100])
def test_percentiles_are_those_of_numpy(share):
    seconds = np.random.default_rng(0).exponential(size=37)
    assert Times(tuple(seconds)).percentile(share) == pytest.approx(np.percentile(seconds, share))
    assert Times((0.25,)).percentile(share) == 0.25


def test_cases_take_turns_and_none_always_runs_first():
    calls = []
    cases = {
        "a": lambda number: calls.append(("a", number)) or 1.0,
        "b": lambda number: calls.append(("b", number)) or 2.0,
    }
    figures = interleave(cases, rounds=2, warmup=1)
    assert [name for name, number in calls if number >= 0] == ["a", "b", "b", "a"]
    assert len([1 for _, number in calls if number < 0]) == 2
    assert figures == {"a": [1.0, 1.0], "b": [2.0, 2.0]}


def test_a_machine_that_slows_down_does_not_move_a_paired_ratio():
    assert ratios([1.0, 2.0, 4.0], [2.0, 4.0, 8.0]) == [0.5, 0.5, 0.5]
