"""A benchmark says whether its claims hold, and refuses what it does not know."""

import pytest

from labcode.benchmarks.verdict import verdict
from labcode.cli import main


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
