"""The studies compare what they say, and nothing else moves."""

from dataclasses import asdict

import pytest

from labcode.errors import ExperimentError
from labcode.experiments import records, studies
from labcode.experiments.records import View

VIEW = View("sample", 3, 10)


def flat(record) -> dict:
    found = asdict(record)
    return found | {f"recipe.{key}": value for key, value in found.pop("recipe").items()}


@pytest.mark.parametrize("scale", studies.SCALES)
@pytest.mark.parametrize("name", studies.STUDIES)
def test_every_study_has_runs_that_survive_json_and_differ(name, scale):
    study = studies.study(name, "sample", scale)
    again = [records.from_dict(records.as_dict(record)) for record in study.records]
    assert tuple(again) == study.records
    assert len({records.digest(record) for record in study.records}) == len(study.records) > 0


def test_each_rung_of_the_ladder_changes_its_one_switch():
    switches = {
        "batch size": {"recipe.batch_size"},
        "learning rate": {"recipe.learning_rate"},
        "initialiser": {"initialiser"},
        "epsilon": {"recipe.epsilon", "recipe.epsilon_hat"},
        "loss form": {"recipe.loss"},
        "data order": {"recipe.order"},
    }
    rungs = studies.rungs(VIEW)
    assert [name for name, _ in rungs] == ["report", *switches]
    for (_, before), (name, after) in zip(rungs, rungs[1:], strict=False):
        moved = set()
        for one, other in zip(before, after, strict=True):
            a, b = flat(one), flat(other)
            moved |= {key for key in a if a[key] != b[key]}
        assert moved == switches[name]


def test_the_last_rung_is_equal_in_all_but_the_framework():
    torch, keras = (flat(record) for record in studies.rungs(VIEW)[-1][1])
    assert {key for key in torch if torch[key] != keras[key]} == {"framework"}
    assert torch["recipe.order"] == "shared" and torch["recipe.precision"] == "float32"


def test_the_ladder_begins_with_the_reports_settings():
    torch, keras = (flat(record) for record in studies.rungs(VIEW)[0][1])
    assert (torch["recipe.batch_size"], torch["recipe.learning_rate"]) == (128, 3e-4)
    assert (keras["recipe.batch_size"], keras["recipe.learning_rate"]) == (32, 1e-3)


@pytest.mark.parametrize("name", ["accuracy", "collapse", "ladder", "speed"])
def test_every_run_of_one_framework_has_its_twin(name):
    """Speed compares forms, the ladder begins unequal; what is compared is there in both."""
    study = studies.study(name, "sample")
    frameworks = [record.framework for record in study.records]
    assert {"pytorch", "tensorflow"} == set(frameworks)
    if name in ("accuracy",):
        twins = {f: set() for f in set(frameworks)}
        for record in study.records:
            own = flat(record)
            twins[own.pop("framework")].add(tuple(sorted((k, str(v)) for k, v in own.items())))
        assert twins["pytorch"] == twins["tensorflow"]


def test_timed_groups_hold_both_frameworks():
    for name in ("speed", "latency", "passes"):
        study = studies.study(name, "sample")
        for group in study.groups(study.records):
            assert {record.framework for record in group} == {"pytorch", "tensorflow"}


def test_an_unknown_study_or_scale_is_named_with_those_there_are():
    with pytest.raises(ExperimentError, match="no study 'guess'.*ladder"):
        studies.study("guess", "sample")
    with pytest.raises(ExperimentError, match="no scale 'huge'.*full"):
        studies.study("ladder", "sample", "huge")
    with pytest.raises(ExperimentError, match="no shard 4/3"):
        studies.study("ladder", "sample").shard(4, 3)
