"""An interval of a median covers it as often as it says, whatever the values' distribution."""

import itertools
import random

import pytest

from labcode.experiments.medians import middle


@pytest.mark.parametrize("count", [1, 2, 5, 6, 9, 15, 16])
def test_the_interval_covers_the_median_as_often_as_it_says(count):
    """Against all ways in which ``count`` coins can fall: 1 is a value above the true median."""
    found = middle(range(1, count + 1))
    below = int(found.low) - 1  # that many values may lie below the true median at least
    covered = sum(
        below < sum(coins) < count - below for coins in itertools.product((0, 1), repeat=count)
    )
    assert found.level == pytest.approx(covered / 2**count)
    assert found.low + found.high == count + 1 and found.median == (count + 1) / 2
    if count < 6:
        assert (found.low, found.high) == (1, count)
    else:
        assert found.level >= 0.95
        tighter = sum(
            below + 1 < sum(coins) < count - below - 1
            for coins in itertools.product((0, 1), repeat=count)
        )
        assert tighter / 2**count < 0.95


def test_the_interval_needs_no_bell_curve():
    rng = random.Random(3)
    hits = 0
    for _ in range(500):
        found = middle([rng.lognormvariate(0, 2) for _ in range(15)])
        hits += found.low <= 1.0 <= found.high
    assert 0.93 < hits / 500 < 0.99


def test_a_middle_reads_as_the_book_writes_it():
    found = middle([1.0, 2.0, 3.0])
    assert found.text(".1f") == "2.0 (1.0 to 3.0)" and found.level == 0.75
