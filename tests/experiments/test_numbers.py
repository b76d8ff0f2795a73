"""The quantities that the chapters on speed and accuracy state, on results whose truth is known."""

import pytest

from labcode.experiments import quantities
from labcode.experiments.quantities import QuantityError, names, value
from tests.experiments import made_up

ALL, DENSE, FIRST = 131_595_776, 575_488, 8_640_000  # MACs of an image
SHARE = 0.5 * 10 / 4.0 / 100 * (3 * ALL - FIRST) / (3 * (ALL - DENSE) - FIRST)
TRUE = {
    "speed.pytorch.best.gain": 4.0 / 1.6,
    "speed.tensorflow.plain-onednn.gain": 3.0 / 2.6,
    "passes.pytorch.plain.peak": 100 / 1.8,
    "passes.pytorch.plain.forward": 10 / 4.0 / 100,
    "passes.pytorch.plain-kept-memory.by-weights": 10 / 3.5 / 100,
    "passes.tensorflow.plain-onednn.by-input": 10 / 2.6 / 100,
    "passes.pytorch.plain.in-passes": 0.5,
    "passes.pytorch.plain.share": SHARE,
    "passes.pytorch.plain.headroom": 1 / SHARE,
    "speed.pytorch.labcode-compiled.gain": 4.0 / 1.6,
    "speed.pytorch.plain.gain": 1.0,
    "speed.tensorflow.best.gain": 3.0 / 2.4,
    "speed.tensorflow.eager.gain": 3.0 / 6.0,
    "speed.pytorch.labcode.gmacs": 320 / (2.0 * 1.8) * (3 * 131_595_776 - 8_640_000) / 1e9,
    "latency.100.pytorch.best.gmacs": 131_595_776 / (0.001 * 1.8) / 1e9,
    "speed.plain.saved": 1 - 4.0 / 3.0,
    "speed.best.saved": 1 - 1.6 / 2.4,
    "speed.pytorch.plain.memory": 1024.0,
    "speed.tensorflow.best.start": 7.0,
    "speed.pytorch.best.busy": 0.9,
    "speed.pytorch.best.spread": 0.02,
    "speed.tensorflow.best.top1-gained": 0.0,
    "speed.tensorflow.best.top1-in-errors": 0.0,
    "speed.tensorflow.graph-gain": 2.0,
    "latency.1.tensorflow.graph-gain": 4.0,
    "accuracy.pairs": 9,
    "latency.1.tensorflow.eager.gain": 0.5,
    "latency.1.tensorflow.best.gain": 3.0 / 1.2,
    "latency.100.plain.saved": 1 - 4.0 / 3.0,
    "latency.100.best.saved": 1 - 1.0 / 1.2,
    "accuracy.batch-64.gap": 0.01,
    "accuracy.batch-64.pytorch": 0.3064,
    "accuracy.batch-64.relative": 0.01 / 0.3064,
    "accuracy.epochs-100.tensorflow.spread": 0.02,
    "accuracy.best-epoch.pytorch": 40,
    "accuracy.lowest-loss-epoch.tensorflow": 15,
    "accuracy.memorised.pytorch": 1.0,
    "accuracy.largest-gap": 0.01,
    "accuracy.largest-spread": 0.02,
    "accuracy.largest-error": 0.01 / (0.02 * (2 / 3) ** 0.5),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return made_up.write(
        tmp_path_factory.mktemp("results"), "speed", "latency", "passes", "accuracy"
    )


@pytest.mark.parametrize("name", TRUE)
def test_a_number_is_the_planted_truth(folder, name):
    assert value(name, folder) == pytest.approx(TRUE[name])


def test_every_number_of_these_studies_can_be_computed(folder):
    kinds = ("speed.", "latency.", "passes.", "accuracy.")
    mine = [name for name in names() if name.startswith(kinds)]
    assert len(mine) > 100
    results = quantities.Results(folder)  # read once
    found = {name: quantities._formulas[name](results) for name in mine}
    assert all(isinstance(one, float | int) for one in found.values())
    assert found["latency.1.pytorch.plain.ms"] == pytest.approx(4.0 * 1.8)


def test_a_number_without_its_runs_says_how_to_make_them(folder, tmp_path):
    with pytest.raises(QuantityError, match="labcode experiment run speed"):
        value("speed.pytorch.best.gain", tmp_path)
    made_up.write(tmp_path, "speed")
    next(tmp_path.glob("speed/*.json")).unlink()
    with pytest.raises(QuantityError, match="1 of 39 runs of the study 'speed'"):
        value("speed.pytorch.best.gain", tmp_path)
