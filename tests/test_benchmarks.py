"""The harness is fair: cases take turns, warm-ups do not count, ratios are paired."""

import pytest

from labcode.benchmarks.interleave import interleave, ratios, verdict
from labcode.cli import main


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


@pytest.mark.parametrize(
    ("values", "bound", "at_least", "holds"),
    [([1, 2, 3], 2, True, True), ([1, 1.9, 3], 2, True, False), ([1, 1.6, 9], 1.5, False, False)],
)
def test_a_claim_holds_by_the_median_alone(values, bound, at_least, holds, capsys):
    assert verdict("claim", values, bound, at_least) is holds
    assert ("DOES NOT HOLD" in capsys.readouterr().out) is not holds


def test_an_unknown_part_is_refused_by_name(capsys):
    assert main(["bench", "speling"]) == 1
    assert "unknown part 'speling'" in capsys.readouterr().err
