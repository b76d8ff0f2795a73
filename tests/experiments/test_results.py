"""Results are valid, whole, never overwritten, and found under the digest of their record."""

import json
from dataclasses import asdict, replace

import pytest

from labcode.errors import ExperimentError, LabcodeError
from labcode.experiments import records, results, running
from tests.experiments.conftest import study_of, training


@pytest.fixture
def one(fake, tmp_path):
    [result] = running.run(study_of(0), tmp_path / "made", say=lambda line: None)
    return result


def test_a_result_is_read_as_it_was_written(one, tmp_path):
    path = results.save(one, "a", tmp_path)
    assert results.load(path) == one
    assert path.stem == records.digest(training(0))


def test_a_second_result_of_a_record_leaves_the_first(one, tmp_path):
    path = results.save(one, "a", tmp_path)
    before = path.read_bytes()
    assert results.save(replace(one, seconds=99.0), "a", tmp_path) == path
    assert path.read_bytes() == before


@pytest.mark.parametrize("key", results.PROVENANCE)
def test_a_result_without_provenance_is_refused(one, tmp_path, key):
    lacking = {name: value for name, value in one.provenance.items() if name != key}
    with pytest.raises(ExperimentError, match=f"provenance lacks {key}"):
        results.save(replace(one, provenance=lacking), "a", tmp_path)
    assert not list(tmp_path.glob("a/*"))


@pytest.mark.parametrize(
    "change, message",
    [
        ({"outcome": {}}, "outcome lacks history"),
        ({"outcome": None}, "outcome lacks history"),
        ({"status": "fine"}, "unknown status 'fine'"),
        ({"format": 0}, "format 0 instead of 1"),
        ({"seconds": -1}, "seconds is -1"),
        ({"status": "failed", "outcome": None}, "must say how"),
    ],
)
def test_a_result_that_lacks_something_is_refused(one, change, message):
    with pytest.raises(ExperimentError, match=message):
        results.check(replace(one, **change))


def test_a_number_that_is_none_is_named_with_its_place(one):
    outcome = one.outcome | {"throughput": {"images_per_second": float("nan")}}
    with pytest.raises(ExperimentError, match="throughput.images_per_second is not a finite"):
        results.check(replace(one, outcome=outcome))


def test_data_need_a_digest_of_the_data_set(one):
    with pytest.raises(ExperimentError, match="lacks the data set"):
        results.check(replace(one, provenance=one.provenance | {"dataset": None}))


def test_a_damaged_or_misnamed_file_is_named(one, tmp_path):
    path = results.save(one, "a", tmp_path)
    moved = path.with_name("0123456789abcdef.json")
    moved.write_bytes(path.read_bytes())
    with pytest.raises(ExperimentError, match="result of another record"):
        results.load(moved)
    moved.unlink()
    path.write_text(path.read_text()[:-20])
    with pytest.raises(ExperimentError, match="is no result.*delete it"):
        results.load_study("a", tmp_path)


def test_a_changed_record_no_longer_fits_its_name(one, tmp_path):
    path = results.save(one, "a", tmp_path)
    content = json.loads(path.read_text())
    content["record"]["recipe"]["learning_rate"] = 0.5
    path.write_text(json.dumps(content))
    with pytest.raises(ExperimentError, match="result of another record"):
        results.load(path)


def test_a_study_without_results_says_how_to_make_them(tmp_path):
    with pytest.raises(LabcodeError, match="labcode experiment run ladder"):
        results.load_study("ladder", tmp_path)


def test_the_folder_is_the_environments_then_the_neighbour_then_the_books(monkeypatch, tmp_path):
    monkeypatch.setenv("LABCODE_RESULTS", str(tmp_path / "x"))
    assert results.folder() == tmp_path / "x"
    monkeypatch.delenv("LABCODE_RESULTS")
    monkeypatch.chdir(tmp_path)
    assert results.folder().parts[-2:] == ("book", "results")
    (tmp_path / "results").mkdir()
    assert results.folder() == tmp_path / "results"


def test_an_unwritable_folder_is_explained(one, tmp_path):
    (tmp_path / "a").write_text("a file where a folder is wanted")
    with pytest.raises(LabcodeError, match="cannot write"):
        results.save(one, "a", tmp_path)
    assert asdict(one)["status"] == "ok"
