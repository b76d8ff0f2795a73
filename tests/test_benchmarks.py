"""A benchmark says whether its claims hold, and refuses what it does not know."""

from types import SimpleNamespace

import pytest

from labcode.benchmarks import profiling
from labcode.benchmarks.verdict import verdict
from labcode.cli import main
from labcode.profiling import Profile
from labcode.timing import Times
from labcode.toycnn import LAYERS


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


@pytest.mark.parametrize(("each", "holds"), [(1.0, True), (0.75, False), (1.3, False)])
def test_layers_must_add_up_to_the_whole_within_a_fifth(each, holds, monkeypatch, capsys):
    def profile_layers(model, images, *, repeats, device):
        layers = {layer.name: Times((each,) * repeats) for layer in LAYERS}
        return Profile(len(images), device, Times((12.0,) * repeats), layers, ())

    room = SimpleNamespace(build_model=lambda weights: None, profile_layers=profile_layers)
    monkeypatch.setattr(profiling.importlib, "import_module", lambda name: room)
    assert profiling.layers_against_end_to_end("pytorch", 1) is holds
    assert ("DOES NOT HOLD" in capsys.readouterr().out) is not holds
