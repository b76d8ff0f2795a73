"""A record says what an experiment is, and its digest names the result."""

import json
from dataclasses import replace

import pytest

from labcode.errors import ExperimentError
from labcode.experiments import records
from labcode.experiments.records import Edge, Latency, Passes, Training, Usability, View
from labcode.recipe import Recipe

VIEW = View("sample", 2, 8)
EXAMPLES = [
    Training("pytorch", VIEW, Recipe(epochs=2, crop=3), form="plain"),
    Latency("tensorflow", "graph", 1, 5),
    Passes("tensorflow", "plain+onednn", 32),
    Edge("pytorch", VIEW, "int8"),
    Usability(),
]


@pytest.mark.parametrize("record", EXAMPLES, ids=lambda record: record.kind)
def test_a_record_survives_json(record):
    text = json.dumps(records.as_dict(record))
    again = records.from_dict(json.loads(text))
    assert again == record
    assert records.digest(again) == records.digest(record)
    assert records.name(record)


def test_every_field_of_a_training_moves_its_digest():
    base = EXAMPLES[0]
    others = [
        replace(base, framework="tensorflow"),
        replace(base, view=replace(VIEW, classes=3)),
        replace(base, view=replace(VIEW, val=5)),
        replace(base, recipe=replace(base.recipe, seed=1)),
        replace(base, recipe=replace(base.recipe, loss="softmax-twice", crop=0)),
        replace(base, initialiser="glorot-uniform"),
        replace(base, form="labcode"),
        replace(base, probe=True),
        replace(base, device="cpu"),
    ]
    assert len({records.digest(record) for record in [base, *others]}) == 1 + len(others)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"kind": "guess"}, "unknown kind.*training"),
        ({"form": "plain+turbo"}, "unknown setting turbo in the form .*onednn"),
        ({"speed": 1}, "no field speed"),
        ({"framework": "jax"}, "unknown framework 'jax'"),
        ({"initialiser": "zeros"}, "unknown initialiser 'zeros'.*kaiming"),
        ({"recipe": {"loss": "hinge"}}, "unknown loss 'hinge'"),
        ({"view": {"name": "sample"}}, "no experiment of kind 'training'"),
    ],
)
def test_a_record_that_means_nothing_is_refused(change, message):
    given = records.as_dict(EXAMPLES[0]) | change
    with pytest.raises(ExperimentError, match=message):
        records.from_dict(given)


def test_an_operation_has_no_form_but_plain():
    given = records.as_dict(Passes("pytorch", "labcode+kept-memory", 32))
    with pytest.raises(ExperimentError, match="no form 'labcode'"):
        records.from_dict(given)
