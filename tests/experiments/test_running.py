"""A study goes on where it stopped, survives its runs, and spreads over machines."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from labcode.errors import ExperimentError
from labcode.experiments import results, running
from tests.experiments.conftest import FAKE, study_of, training

HERE = Path(__file__).parents[2]

KILLED = """
import sys
from labcode.experiments import running
from tests.experiments.conftest import study_of
running.COMMAND = [sys.executable, {fake!r}]
running.run(study_of(*range(12)), __import__("pathlib").Path({where!r}), jobs=2)
"""


def seeds_of(found):
    return sorted(result.record["recipe"]["seed"] for result in found)


def test_a_study_leaves_one_valid_file_a_run(fake, tmp_path):
    found = running.run(study_of(0, 1, 2), tmp_path, say=lambda line: None)
    assert seeds_of(found) == [0, 1, 2]
    stored = results.load_study("nothing", tmp_path)
    assert seeds_of(stored) == [0, 1, 2]
    assert all(results.check(result) for result in stored)


def test_what_is_finished_is_not_run_again(fake, tmp_path):
    running.run(study_of(0, 1), tmp_path, say=lambda line: None)
    again = running.run(study_of(0, 1, 2), tmp_path, say=lambda line: None)
    assert seeds_of(again) == [2]
    assert sorted(fake()) == ["start 0", "start 1", "start 2"]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_study_goes_on_without_repeating_finished_runs(fake, tmp_path, monkeypatch, how):
    monkeypatch.setenv("FAKE_WORKER_SECONDS", "0.3")
    code = KILLED.format(fake=str(FAKE), where=str(tmp_path))
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=HERE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # A shell that starts the tests in the background ignores SIGINT for its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 30
    while len(list(tmp_path.glob("nothing/*.json"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, how)
    assert process.wait(20) != 0
    finished = {path.name for path in tmp_path.glob("nothing/*.json")}
    assert 3 <= len(finished) < 12
    before = {path.name: path.read_bytes() for path in tmp_path.glob("nothing/*.json")}
    again = running.run(study_of(*range(12)), tmp_path, jobs=2, say=lambda line: None)
    assert len(again) == 12 - len(finished)
    assert len(results.load_study("nothing", tmp_path)) == 12
    for name, data in before.items():
        assert (tmp_path / "nothing" / name).read_bytes() == data
    # Nothing can clean up after SIGKILL; a file half written then has no name that anybody reads.
    assert how == signal.SIGKILL or not list(tmp_path.glob("nothing/.*"))


def test_a_run_that_fails_is_recorded_and_the_others_go_on(fake, tmp_path):
    found = running.run(study_of(0, 13, 14, 15, 4), tmp_path, say=lambda line: None)
    status = {result.record["recipe"]["seed"]: result for result in found}
    assert [status[seed].status for seed in (0, 13, 14, 15, 4)] == [
        "ok", "failed", "out-of-memory", "out-of-memory", "ok",
    ]  # fmt: skip
    assert "planted fault 13" in status[13].error["message"]
    assert status[15].error["exit_status"] == -signal.SIGKILL
    assert seeds_of(results.load_study("nothing", tmp_path)) == [0, 4]
    assert len(results.load_study("nothing", tmp_path, failed=True)) == 5


def test_failed_runs_wait_for_retry_and_keep_every_failure(fake, tmp_path):
    running.run(study_of(13), tmp_path, say=lambda line: None)
    assert running.run(study_of(13), tmp_path, say=lambda line: None) == []
    assert len(running.run(study_of(13), tmp_path, retry=True, say=lambda line: None)) == 1
    names = sorted(path.name.split(".", 1)[1] for path in tmp_path.glob("nothing/*.json"))
    assert names == ["failed-1.json", "failed-2.json"]


def test_shards_meet_nowhere_and_leave_nothing_out(fake, tmp_path):
    study = study_of(*range(7))
    parts = [study.shard(number, 3) for number in (1, 2, 3)]
    assert sorted(r.recipe.seed for part in parts for r in part) == list(range(7))
    for number in (3, 1, 2):
        running.run(study, tmp_path / str(number), shard=(number, 3), say=lambda line: None)
    merged = tmp_path / "merged" / "nothing"
    merged.mkdir(parents=True)
    for path in tmp_path.glob("[123]/nothing/*.json"):
        (merged / path.name).write_bytes(path.read_bytes())
    assert running.run(study, tmp_path / "merged", say=lambda line: None) == []
    assert seeds_of(results.load_study("nothing", tmp_path / "merged")) == list(range(7))


def test_timed_runs_take_turns_and_the_order_turns_round(fake, tmp_path):
    running.run(study_of(1, 2, timed=True), tmp_path, say=lambda line: None)
    lines = [line for line in fake() if line.startswith("turn")]
    for begin, end in zip(lines[::2], lines[1::2], strict=True):
        assert begin.endswith("begins") and end == begin.replace("begins", "ends")
    order = [line.split()[1] for line in lines[::2]]
    assert order == ["1", "2", "2", "1", "1", "2"]


def test_a_timed_group_survives_one_that_dies(fake, tmp_path):
    found = running.run(study_of(1, 13, 2, timed=True), tmp_path, say=lambda line: None)
    assert [result.status for result in found] == ["ok", "failed", "ok"]


def test_a_timed_study_wants_the_machine_for_itself(tmp_path):
    with pytest.raises(ExperimentError, match="measures time; run it with --jobs 1"):
        running.run(study_of(1, timed=True), tmp_path, jobs=2)


def test_jobs_share_the_cores_and_the_result_says_so(fake, tmp_path):
    found = running.run(study_of(0, 1), tmp_path, jobs=2, say=lambda line: None)
    assert {result.provenance["beside"] for result in found} == {1}
    cores = running.provenance.cores()
    assert {result.provenance["threads"] for result in found} == {max(1, cores // 2)}


def test_progress_tells_the_time_left(fake, tmp_path):
    said = []
    running.run(study_of(0, 1), tmp_path, say=said.append)
    assert said[0].startswith("nothing: 2 runs, 2 to do")
    assert "[1/2]" in said[1] and "left" in said[1] and "top-1 25.0%" in said[1]


def test_a_derived_study_replaces_its_result(fake, tmp_path):
    study = replace(study_of(0), derived=True)
    [before] = running.run(study, tmp_path, say=lambda line: None)
    [after] = running.run(study, tmp_path, say=lambda line: None)
    assert fake() == ["start 0", "start 0"] and before.record == after.record
    assert results.load_study("nothing", tmp_path) == [after]


def test_a_framework_with_an_environment_of_its_own_runs_there(fake, tmp_path, monkeypatch):
    other, seen = tmp_path / "other-python", tmp_path / "seen"
    other.write_text(f'#!/bin/sh\necho "$1" >> {seen}\nexec "{sys.executable}" "$@"\n')
    other.chmod(0o755)
    monkeypatch.setenv("LABCODE_PYTHON_TENSORFLOW", str(other))
    records = (training(0, "pytorch"), training(1, "tensorflow"))
    running.run(replace(study_of(0), records=records), tmp_path, say=lambda line: None)
    assert sorted(fake()) == ["start 0", "start 1"]
    assert seen.read_text() == f"{FAKE}\n"  # TensorFlow's alone
