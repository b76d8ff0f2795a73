"""Comparisons find the planted truth through a machine's moods, and refuse what is unequal."""

import random
from copy import deepcopy
from dataclasses import replace

import pytest

from labcode.errors import ExperimentError
from labcode.experiments import comparing
from tests.experiments import made_up

PLAIN, FAST = ("pytorch", "plain"), ("pytorch", "labcode, compiled")


@pytest.fixture
def speed():
    return deepcopy(made_up.study("speed"))


@pytest.fixture
def accuracy():
    return deepcopy(made_up.study("accuracy"))


def first(accuracy):
    """A run of 100 epochs."""
    return next(run for run in accuracy if run.record["recipe"]["epochs"] == 100)


def test_made_up_results_are_valid_and_survive_the_disk(tmp_path):
    from labcode.experiments.results import load_study

    names = ("speed", "latency", "passes", "accuracy")
    made_up.write(tmp_path, *names)
    for name in names:
        stored = {one.digest: one for one in load_study(name, tmp_path)}
        assert stored == {one.digest: one for one in made_up.study(name)}


def test_paired_ratios_find_the_truth_though_the_machine_slows_down(speed):
    groups = comparing.in_turns(speed)
    assert len(groups) == 3 and all(len(group) == 13 for group in groups)
    found = comparing.ratios(groups, PLAIN, FAST)
    assert len(found) == 15 and found == pytest.approx([4.0 / 1.6] * 15)
    # Not paired, the same times are all over the place.
    seconds = [s for group in groups for s in comparing.rounds(group[PLAIN])]
    assert max(seconds) > 2 * min(seconds)


def test_the_order_of_the_results_is_of_no_account(speed):
    told = comparing.ratios(comparing.in_turns(speed), PLAIN, FAST)
    random.Random(1).shuffle(speed)
    assert comparing.ratios(comparing.in_turns(speed), PLAIN, FAST) == told


def test_the_first_epoch_is_in_no_ratio_but_in_the_preparation(speed):
    (one,) = [
        run for run in speed if comparing.way(run) == FAST and run.record["recipe"]["seed"] == 0
    ]
    assert len(comparing.rounds(one)) == len(one.outcome["history"]["epochs"]) - 1
    assert comparing.preparation(one) == pytest.approx(2.0 + 5.0)
    one.outcome["history"]["epochs"][0]["train_seconds"] = 1e6
    assert max(comparing.ratios(comparing.in_turns(speed), PLAIN, FAST)) < 3


def test_what_an_epoch_waits_after_its_last_step_is_in_no_time(speed):
    (one,) = [
        run for run in speed if comparing.way(run) == FAST and run.record["recipe"]["seed"] == 0
    ]
    before = comparing.preparation(one)
    one.outcome["history"]["epochs"][1]["idle_seconds"] = 4.0
    one.outcome["times"]["whole_seconds"] += 4.0
    assert comparing.preparation(one) == pytest.approx(before)
    groups = comparing.in_turns(speed)
    assert max(comparing.idle(groups, FAST)) == 4.0 and max(comparing.idle(groups, PLAIN)) == 0.0


def test_ways_are_named_after_what_they_do_and_the_fastest_is_found(speed):
    groups = comparing.in_turns(speed)
    assert [form for _, form in comparing.ways(groups, "pytorch")] == [
        "plain", "plain, kept-memory", "channels-last", "labcode", "labcode, kept-memory",
        "labcode, compiled",
    ]  # fmt: skip
    assert comparing.ways(groups, "tensorflow")[:2] == [
        ("tensorflow", "plain"), ("tensorflow", "eager"),
    ]  # fmt: skip
    assert comparing.fastest(groups, "pytorch") == FAST
    assert comparing.fastest(groups, "tensorflow") == ("tensorflow", "labcode, onednn")
    rates = comparing.rates(groups, FAST)
    assert len(rates) == 15 and max(rates) == pytest.approx(320 / 1.6)


def test_bfloat16_is_a_way_of_its_own(speed):
    recipe = speed[0].record["recipe"] | {"precision": "bfloat16", "compile": False}
    one = replace(speed[0], record=speed[0].record | {"form": "labcode", "recipe": recipe})
    assert comparing.way(one)[1] == "labcode, bfloat16"


@pytest.mark.parametrize("what, words", [
    ("initial_weights", "initial_weights differ"),
    ("batches", "batches differ"),
    ("steps", "steps differ"),
])  # fmt: skip
def test_runs_that_did_other_work_are_refused(speed, accuracy, what, words):
    for results, compare in ((speed, comparing.in_turns), (accuracy, comparing.twins)):
        compare(results)
        results[1].outcome["fairness"][what] = "planted"
        with pytest.raises(ExperimentError, match=f"PyTorch.*cannot be compared: their {words}"):
            compare(results)


def test_a_missing_run_of_a_group_is_named(speed):
    gone = next(run for run in speed if comparing.way(run) == ("tensorflow", "eager"))
    speed.remove(gone)
    with pytest.raises(ExperimentError, match="there is no run of tensorflow eager"):
        comparing.in_turns(speed)
    with pytest.raises(ExperimentError, match="no results to compare"):
        comparing.in_turns([])


def test_runs_that_took_no_turns_are_refused(speed):
    index = next(i for i, run in enumerate(speed) if comparing.way(run) == FAST)
    for key, value, words in (
        ("cpu", "another processor", "2 machine"),
        ("threads", 1, "2 machine"),
        ("made", "2026-11-02T12:00:00+00:00", "86400 s apart"),
    ):
        late = replace(speed[index], provenance=speed[index].provenance | {key: value})
        with pytest.raises(ExperimentError, match=f"did not take turns.*{words}"):
            comparing.in_turns([*speed[:index], late, *speed[index + 1 :]])


def test_latency_is_paired_by_round():
    groups = comparing.latency(made_up.study("latency"))
    assert list(groups) == [1, 100]
    above, below = ("tensorflow", "eager"), ("tensorflow", "graph")
    assert comparing.ratios([groups[1]], above, below) == pytest.approx([4.0] * 10)
    assert comparing.fastest([groups[100]], "pytorch") == ("pytorch", "compiled")


def test_results_of_another_scale_lie_beside_and_change_nothing(speed):
    told = comparing.ratios(comparing.speed(speed), PLAIN, FAST)
    others = []
    for run in speed:
        other = replace(run, record=run.record | {"view": run.record["view"] | {"classes": 200}})
        other.outcome["history"]["epochs"][-1]["train_seconds"] *= 3
        others.append(other)
    fresh = made_up.study("speed")
    assert comparing.ratios(comparing.speed([*others, *fresh]), PLAIN, FAST) == told


def test_a_study_that_is_not_complete_is_not_compared(speed, accuracy):
    with pytest.raises(ExperimentError, match="1 of 39 runs of the study 'speed'.*are missing"):
        comparing.speed(speed[1:])
    with pytest.raises(ExperimentError, match="1 of 18 runs of the study 'accuracy'"):
        comparing.accuracy(accuracy[:-1])
    with pytest.raises(ExperimentError, match="18 of 18 runs of the study 'latency'"):
        comparing.latency(speed)


def test_twins_differ_in_nothing_but_the_framework(accuracy):
    pairs = comparing.twins(accuracy)
    assert len(pairs) == 9 and all(set(pair) == {"pytorch", "tensorflow"} for pair in pairs)
    for pair in pairs:
        assert pair["pytorch"].record | {"framework": "tensorflow"} == pair["tensorflow"].record
    with pytest.raises(ExperimentError, match="seed 0 has no twin in the other framework"):
        comparing.twins(accuracy[1:])


def test_a_long_run_contains_the_short_ones(accuracy):
    run = first(accuracy)
    assert [comparing.after(run, n)["number"] for n in (3, 10, 100)] == [3, 10, 100]
    with pytest.raises(ExperimentError, match="contains no run of 101 epochs"):
        comparing.after(run, 101)
    scheduled = replace(run, record=deepcopy(run.record))
    scheduled.record["recipe"]["schedule"] = "one-cycle"
    with pytest.raises(ExperimentError, match="contains no run of 3 epochs"):
        comparing.after(scheduled, 3)


def test_the_best_epoch_is_the_first_of_the_best(accuracy):
    run = first(accuracy)
    assert comparing.best(run)["number"] == 40
    assert comparing.best(run, "val_loss")["number"] == 15
    for epoch in run.outcome["history"]["epochs"][40:60]:
        epoch["val_top1"] = comparing.best(run)["val_top1"]
    assert comparing.best(run)["number"] == 40


def test_a_sample_has_a_value_for_each_seed(accuracy):
    pairs = comparing.accuracy(accuracy)
    for framework, less in (("pytorch", 0.0), ("tensorflow", 0.01)):
        found = comparing.sample(pairs, framework, 64, 20)
        expected = [0.4 - 20 / 200 + 0.02 * seed + 0.0064 - less for seed in (-1, 0, 1)]
        assert sorted(found.values) == pytest.approx(expected)
        assert found.deviation == pytest.approx(0.02)
    with pytest.raises(ExperimentError, match="no run of pytorch at batch size 256"):
        comparing.sample(pairs, "pytorch", 256, 20)


def test_each_setting_of_the_lab_is_in_the_study(accuracy):
    pairs = comparing.accuracy(accuracy)
    for batch_size, epochs in comparing.SETTINGS.values():
        for framework in ("pytorch", "tensorflow"):
            assert len(comparing.sample(pairs, framework, batch_size, epochs).values) == 3


def test_the_last_epoch_of_each_way_is_a_sample_over_seeds(speed):
    found = comparing.sample_of(comparing.speed(speed), PLAIN)
    assert found.mean == pytest.approx(0.4 - 34 / 200 + 0.0032)
    assert found.deviation == pytest.approx(0.02)
