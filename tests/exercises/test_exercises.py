"""Each exercise in each framework, run for real: blank fails, wrong fails by name, solved passes.

This executes the chapters and takes long, so it runs on request: ``make exercises``.
"""

import os

import pytest

from labcode.frameworks import FRAMEWORKS
from tests.exercises import harness
from tests.exercises.harness import BLANK, SOLVED

pytestmark = pytest.mark.skipif(
    not os.environ.get("LABCODE_EXERCISES"), reason="runs the chapters: make exercises"
)

CASES = [
    pytest.param(chapter.name, framework, exercise, id=f"{chapter.path.stem}-{framework}-{one}")
    for chapter in harness.chapters()
    for framework in FRAMEWORKS
    for exercise in harness.exercises(chapter, framework)
    for one in [exercise.id]
]


@pytest.mark.parametrize("chapter, framework, exercise", CASES)
def test_blank_fails_wrong_fails_by_name_and_solved_passes(chapter, framework, exercise):
    outcomes = harness.tried(chapter, framework)[exercise.id]
    assert outcomes[SOLVED].answer is None and outcomes[SOLVED].check is None
    assert outcomes[BLANK].check is not None and not outcomes[BLANK].hidden
    for wrong in harness.wrong_for(exercise):
        outcome = outcomes[wrong.mistake]
        assert outcome.check is not None, f"{wrong.mistake}: the check passed"
        assert outcome.check.startswith("AssertionError: "), wrong.mistake
        assert wrong.says in outcome.check, wrong.mistake
        assert outcome.hidden == wrong.hidden, f"{wrong.mistake}: {outcome.check}"
