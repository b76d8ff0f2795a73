"""The table of the studies counts what lies in the folder, and nothing else."""

from dataclasses import replace

from labcode.experiments import overview, records, results, studies
from tests.experiments import made_up


def by_name(folder):
    return {state.study: state for state in overview.states(where=folder)}


def test_done_failed_and_missing_runs_are_told_apart(tmp_path):
    runs = made_up.study("speed")
    for run in runs[:5]:
        results.save(run, "speed", tmp_path)
    bad = replace(runs[7], status="failed", outcome=None, error={"message": "no"})
    results.save(bad, "speed", tmp_path)
    results.save(bad, "speed", tmp_path)
    found = by_name(tmp_path)
    assert list(found) == list(studies.STUDIES)
    speed = found["speed"]
    assert (speed.declared, speed.done, speed.failed) == (39, 5, 1)
    assert found["latency"].done == 0 and found["latency"].days == ()
    results.save(runs[7], "speed", tmp_path)
    assert (by_name(tmp_path)["speed"].done, by_name(tmp_path)["speed"].failed) == (6, 0)


def test_results_of_other_records_do_not_count(tmp_path):
    record = studies.study("speed", "sample").records[0]
    results.save(made_up.training(record), "speed", tmp_path)
    assert by_name(tmp_path)["speed"].done == 0
    (state,) = [s for s in overview.states("sample", where=tmp_path) if s.study == "speed"]
    assert state.done == 1


def test_machine_dates_and_commits_come_from_the_provenance(tmp_path):
    first, second, third = made_up.study("speed")[:3]
    late = {"made": "2026-11-03T01:00:00+00:00", "commit": None}
    other = {"dirty": True, "threads": 1, "made": "2026-11-02T23:59:59+00:00"}
    for run, change in ((first, {}), (second, late), (third, other)):
        results.save(replace(run, provenance=run.provenance | change), "speed", tmp_path)
    state = by_name(tmp_path)["speed"]
    assert state.days == ("2026-11-01", "2026-11-03")
    assert state.commits == ("0123456", "0123456+", "no checkout")
    assert state.machines == (
        "a processor that nobody sells, 1 threads", "a processor that nobody sells, 2 threads",
    )  # fmt: skip
    assert state.line().split()[:4] == ["speed", "39", "3", "0"]
    assert records.digest(studies.study("speed", made_up.DATA).records[0]) == first.digest
