"""What runs say together is what NumPy makes of them, and a missing run is not overlooked."""

import json
from dataclasses import replace

import numpy as np
import pytest

from labcode.errors import ExperimentError
from labcode.experiments import analysis, quantities, records, studies
from labcode.experiments.analysis import Sample
from labcode.experiments.records import View
from labcode.experiments.results import Result
from tests.experiments import planted

SWITCHES = ["report", "batch size", "learning rate", "initialiser", "epsilon", "loss form",
            "data order"]  # fmt: skip
NOISE = np.random.default_rng(487).normal(0, 0.01, (2, 7, 5)).round(6)


def top1(record) -> float:
    """A made-up accuracy that each switch moves by an amount of its own, and noise besides."""
    recipe, torch = record.recipe, record.framework == "pytorch"
    value = 0.3 + 0.1 * (recipe.batch_size == 32) + 0.05 * (recipe.learning_rate == 1e-3)
    value += 0.03 * (record.initialiser == "glorot-uniform") + 0.01 * (recipe.loss == "logits")
    value += 0.02 * (recipe.order == "shared") + 0.005 * recipe.epsilon_hat
    kinds = (recipe.batch_size, recipe.learning_rate, record.initialiser, recipe.epsilon,
             recipe.epsilon_hat, recipe.loss, recipe.order)  # fmt: skip
    return float(value + NOISE[int(torch), hash_of(kinds) % 7, recipe.seed])


def hash_of(kinds: tuple) -> int:
    return sum(json.dumps(kinds).encode())


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return planted.study("ladder", lambda r: {"val_top1": top1(r), "val_loss": 2 - top1(r)})


@pytest.fixture
def rungs(results):
    return analysis.ladder(results, data="sample")


def test_mean_deviation_and_error_are_numpys():
    values = (0.21, 0.24, 0.2, 0.31)
    sample = Sample(values)
    assert sample.mean == pytest.approx(np.mean(values))
    assert sample.deviation == pytest.approx(np.std(values, ddof=1))
    assert sample.error == pytest.approx(np.std(values, ddof=1) / 2)
    assert Sample((0.5,)).deviation == 0


def test_the_error_of_a_difference_is_what_drawing_again_and_again_gives():
    generator = np.random.default_rng(1)
    a, b = generator.normal(1, 0.3, (1000, 5)), generator.normal(0, 0.1, (1000, 5))
    spread = np.std(a.mean(axis=1) - b.mean(axis=1))
    both = [
        analysis.difference(Sample(tuple(x)), Sample(tuple(y))) for x, y in zip(a, b, strict=True)
    ]
    assert np.sqrt(np.mean([one.error**2 for one in both])) == pytest.approx(spread, rel=0.1)
    assert both[0].value == pytest.approx(a[0].mean() - b[0].mean())


def test_the_ladder_has_every_rung_with_five_seeds_in_their_order(rungs):
    assert [rung.switch for rung in rungs] == SWITCHES
    for rung in rungs:
        for framework, runs in rung.runs.items():
            assert [run.record["recipe"]["seed"] for run in runs] == [0, 1, 2, 3, 4]
            for run in runs:
                own = records.from_dict(run.record)
                assert analysis.with_seed(own, 0) == rung.records[framework]


def test_a_gap_is_the_difference_of_the_means_with_its_error(rungs):
    for rung in rungs:
        torch, keras = (
            np.array([top1(records.from_dict(run.record)) for run in runs])
            for runs in rung.runs.values()
        )
        assert rung.gap().value == pytest.approx(torch.mean() - keras.mean())
        error = np.sqrt(torch.var(ddof=1) / 5 + keras.var(ddof=1) / 5)
        assert rung.gap().error == pytest.approx(error)
        pooled = np.sqrt((torch.var(ddof=1) + keras.var(ddof=1)) / 2)
        assert rung.deviation() == pytest.approx(pooled)
        assert rung.gap("val_loss").value == pytest.approx(keras.mean() - torch.mean())


def test_what_the_switches_explain_adds_up_to_the_way_from_the_first_gap_to_the_last(rungs):
    steps = [analysis.explained(a, b) for a, b in zip(rungs, rungs[1:], strict=False)]
    assert sum(one.value for one in steps) == pytest.approx(
        rungs[-1].gap().value - rungs[0].gap().value
    )
    assert steps[0].value == pytest.approx(0.1, abs=0.02)  # the batch size, as planted


def test_runs_that_stand_on_both_rungs_add_no_uncertainty(rungs):
    report, batch = rungs[:2]
    own = np.hypot(report.sample("pytorch").error, batch.sample("pytorch").error)
    assert analysis.explained(report, batch).error == pytest.approx(own)
    both = analysis.explained(rungs[3], rungs[4])  # epsilon moves on both sides
    errors = [rung.sample(framework).error for rung in rungs[3:5] for framework in rung.runs]
    assert both.error == pytest.approx(np.sqrt(np.sum(np.square(errors))))
    assert analysis.explained(report, report).value == 0


def test_equality_is_read_from_the_digests_of_every_seed(rungs):
    assert rungs[0].equal() == {"initial_weights": False, "batches": False, "steps": False}
    assert rungs[1].equal() == {"initial_weights": False, "batches": False, "steps": True}
    assert rungs[-1].equal() == {"initial_weights": True, "batches": True, "steps": True}


@pytest.mark.parametrize("what", ["initial_weights", "batches", "steps"])
def test_one_seed_with_another_digest_is_found(results, what):
    victim = analysis.ladder(results, data="sample")[-1].runs["pytorch"][3]
    fairness = victim.outcome["fairness"] | {what: "planted"}
    other = replace(victim, outcome=victim.outcome | {"fairness": fairness})
    changed = [other if result is victim else result for result in results]
    equal = analysis.ladder(changed, data="sample")[-1].equal()
    assert [key for key, same in equal.items() if not same] == [what]


def test_a_missing_run_is_named_with_the_command_that_makes_it(results):
    with pytest.raises(ExperimentError, match=r"1 of 50 .*seed 3.*experiment run ladder") as told:
        gone = next(one for one in results if one.record["recipe"]["seed"] == 3)
        analysis.ladder([one for one in results if one is not gone], data="sample")
    assert records.name(records.from_dict(gone.record)) in str(told.value)


def test_results_of_another_scale_beside_them_are_left_out(results):
    others = [
        planted.result(record, {"val_top1": 1.0, "val_loss": 0.0})
        for record in studies.study("ladder", "sample", "full").records
    ]
    both = analysis.ladder([*others, *results], data="sample")
    assert both == analysis.ladder(results, data="sample")
    with pytest.raises(ExperimentError, match="50 of 50 .*on tiny-imagenet"):
        analysis.ladder(results)


def test_what_differs_is_named_with_both_values():
    pairs = dict(studies.rungs(View("sample", 10, 40)))
    assert analysis.unequal(pairs["report"]) == {
        "batch_size": (128, 32),
        "learning_rate": (3e-4, 1e-3),
        "epsilon": (1e-8, 1e-7),
        "loss": ("logits", "probabilities"),
        "epsilon_hat": (False, True),
        "initialiser": ("kaiming-uniform", "glorot-uniform"),
    }
    assert analysis.unequal(pairs["data order"]) == {}


def collapse_run(val_loss: float, varies: float) -> Result:
    record = studies.study("collapse", "sample").records[0]
    probes = [{"epoch": 0, "varies": 1.0}, {"epoch": 2, "varies": varies}]
    return planted.result(record, {"val_top1": 0.0, "val_loss": val_loss}, probes)


@pytest.mark.parametrize(
    "val_loss, varies, blind",
    [
        (np.log(200), 1e-6, True),
        (np.log(200) - 0.015, 1e-6, True),
        (np.log(200) - 0.03, 1e-6, False),  # knows something
        (np.log(200) + 0.03, 1e-6, False),
        (np.log(200), 1e-3, False),  # sees something
    ],
)
def test_a_run_has_collapsed_when_it_knows_nothing_and_sees_nothing(val_loss, varies, blind):
    assert analysis.collapsed(collapse_run(val_loss, varies)) == blind


def test_the_cases_of_collapse_hold_each_declared_run_once_and_keep_long_runs_apart():
    runs = planted.study("collapse", lambda record: {"val_top1": 0.0, "val_loss": 5.3})
    cases = analysis.cases(runs, data="sample")
    held = [run.digest for case in cases for run in case.every()]
    assert sorted(held) == sorted(run.digest for run in runs) and len(set(held)) == len(held)
    keys = [(case.label, case.steps) for case in cases]
    assert len(set(keys)) == len(keys)
    labels = [case.label for case in cases]
    assert len(set(labels)) < len(labels)  # the same set-up, for longer
    for case in cases:
        for framework, own in case.runs.items():
            assert {run.record["framework"] for run in own} == {framework}
            seeds = [run.record["recipe"]["seed"] for run in own]
            assert seeds == sorted(seeds)


def test_the_ladders_numbers_are_those_of_the_analysis_in_points(results, monkeypatch):
    ladder = analysis.ladder(results, data="sample")
    monkeypatch.setattr(analysis, "ladder", lambda runs: ladder)
    monkeypatch.setattr(quantities, "load_study", lambda *_, **__: results)
    wanted = {
        "ladder.gap.report": 100 * ladder[0].gap().value,
        "ladder.explained.batch-size": 100 * analysis.explained(*ladder[:2]).value,
        "ladder.explained-error.epsilon": 100 * analysis.explained(*ladder[3:5]).error,
        "ladder.top1.data-order.tensorflow": 100 * ladder[-1].sample("tensorflow").mean,
        "ladder.steps.report.pytorch": 24,
        "ladder.steps.report.tensorflow": 96,
        "ladder.last.gap-in-deviations": abs(ladder[-1].gap().value) / ladder[-1].deviation(),
    }
    for name, value in wanted.items():
        assert quantities.value(name) == pytest.approx(value), name
