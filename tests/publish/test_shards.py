"""Parts of a book: the same on every machine, about equally long, and nothing lost between them."""

import itertools
import json
import random
import shutil

import pytest

from labcode import provenance
from labcode.cli import main
from labcode.errors import ExecutionError, LabcodeError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import cache, shards, told

JOBS = [(name, framework) for name in "abcdefg" for framework in ("pytorch", "tensorflow")]


def longest(parts, seconds) -> float:
    return max(sum(seconds[job] for job in part) for part in parts)


def best(seconds: dict, count: int) -> float:
    """The shortest possible longest part, by trying every assignment."""
    jobs = list(seconds)
    tried = itertools.product(range(count), repeat=len(jobs))
    return min(
        max(sum(seconds[j] for j, p in zip(jobs, to, strict=True) if p == i) for i in range(count))
        for to in tried
    )


@pytest.mark.parametrize("count", [1, 2, 5, 20])
def test_each_notebook_is_in_exactly_one_part(count):
    seconds = {job: float(len(job[1]) + ord(job[0]) % 3) for job in JOBS}
    parts = shards.pack(JOBS, count, seconds)
    assert len(parts) == count
    assert sorted(job for part in parts for job in part) == sorted(JOBS)


@pytest.mark.parametrize("seed", range(12))
def test_the_longest_part_is_within_the_bound_of_the_best_that_there_is(seed):
    draw = random.Random(seed)
    count = draw.choice([2, 3])
    seconds = {job: float(draw.randint(1, 60)) for job in JOBS[:8]}
    parts = shards.pack(list(seconds), count, seconds)
    assert longest(parts, seconds) <= (4 / 3 - 1 / (3 * count)) * best(seconds, count) + 1e-9


def test_the_order_in_which_notebooks_are_listed_does_not_matter():
    seconds = dict.fromkeys(JOBS, 1.0) | {JOBS[3]: 9.0, JOBS[8]: 4.0}
    mixed = random.Random(1).sample(JOBS, len(JOBS))
    assert shards.pack(mixed, 4, seconds) == shards.pack(JOBS, 4, seconds)


def durations(root, table) -> None:
    (root / "book").mkdir(exist_ok=True)
    shards.file(root).write_text(json.dumps(table))


def test_what_nobody_timed_takes_the_median_of_the_profile(tmp_path, monkeypatch):
    monkeypatch.setenv("PROFILE", "quick")
    assert set(shards.seconds(JOBS, tmp_path).values()) == {1.0}
    timed = {"a": {"pytorch": 2.0, "tensorflow": 30.0}, "b": {"pytorch": 8.0}}
    durations(tmp_path, {"full": {"a": {"pytorch": 99.0}}, "quick": timed})
    found = shards.seconds(JOBS, tmp_path)
    assert found["a", "tensorflow"] == 30.0
    assert found["b", "tensorflow"] == found["g", "pytorch"] == 8.0
    monkeypatch.setenv("PROFILE", "full")
    assert set(shards.seconds(JOBS, tmp_path).values()) == {99.0}


def test_a_profile_that_nobody_timed_packs_by_another(tmp_path, monkeypatch):
    durations(tmp_path, {"quick": {"a": {"pytorch": 30.0, "tensorflow": 2.0}}})
    monkeypatch.setenv("PROFILE", "full")
    assert shards.of(1, 2, JOBS[:2], tmp_path) == [("a", "pytorch")]
    assert shards.of(2, 2, JOBS[:2], tmp_path) == [("a", "tensorflow")]


def test_durations_are_those_that_the_pages_of_a_site_tell(tmp_path, capsys):
    durations(tmp_path, {"full": {"a": {"pytorch": 99.0}}, "quick": {"gone": {"pytorch": 5.0}}})
    site = tmp_path / "_build" / "html"
    for name, took in {"book/a": (2.04, 30.0), "book/lab/b": (8.0, 1.26)}.items():
        made = {"key": "k", "provenance": {"profile": "quick"}}
        runs = {f: {**made, "seconds": s} for f, s in zip(FRAMEWORKS, took, strict=True)}
        path = site / f"{name}{told.SUFFIX}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"chapter": name, "notebooks": runs}))
    assert main(["durations", "--root", str(tmp_path)]) == 0
    assert "4 notebooks of the profile quick" in capsys.readouterr().out
    assert shards.recorded(tmp_path) == {
        "full": {"a": {"pytorch": 99.0}},
        "quick": {
            "book/a": {"pytorch": 2.0, "tensorflow": 30.0},
            "book/lab/b": {"pytorch": 8.0, "tensorflow": 1.3},
        },
    }
    before = shards.file(tmp_path).read_bytes()
    path.write_text("{")
    assert main(["durations", "--root", str(tmp_path)]) == 1
    assert shards.file(tmp_path).read_bytes() == before


DAMAGE = ["", "{", "[]", '{"quick": 1}', '{"quick": {"a": {"pytorch": "1"}}}',
          '{"quick": {"a": {"pytorch": -1}}}', '{"quick": {"a": {"pytorch": NaN}}}']  # fmt: skip


@pytest.mark.parametrize("text", DAMAGE)
def test_damaged_durations_are_named_and_never_packed_by(tmp_path, text):
    (tmp_path / "book").mkdir()
    shards.file(tmp_path).write_text(text)
    with pytest.raises(LabcodeError, match=r"durations\.json is damaged .*labcode durations"):
        shards.of(1, 2, JOBS, tmp_path)


def test_what_a_dead_worker_did_not_do_is_run_by_who_merges(book, monkeypatch):
    for name in "ab":
        book.write(name, counted=True)
    jobs = [(c.name, f) for c in book.chapters() for f in ("pytorch", "tensorflow")]
    parts = [shards.of(number, 3, jobs, book.root) for number in (1, 2, 3)]
    assert [len(part) for part in parts] == [2, 1, 1]
    merged = cache.folder(book.root)
    merged.mkdir(parents=True)
    for number in (0, 2):  # the second one died
        own = book.root / f"worker-{number}"
        monkeypatch.setenv("LABCODE_EXECUTED", str(own))
        done = book.execute(only=parts[number])
        assert list(done) == sorted(parts[number])
        assert book.execute(only=parts[number]) and len(book.ran()) == len(parts[number])
        for path in own.iterdir():
            shutil.copy(path, merged)
    monkeypatch.delenv("LABCODE_EXECUTED")
    done = book.execute()
    assert list(done) == jobs
    assert [f"{name.removeprefix('book/')} {f}" for name, f in parts[1]] == book.ran()
    assert all(run.from_cache for run in book.execute().values())


# ---- a machine without the device that the book was executed on -------------------------------

GPU = "cuda:NVIDIA Planted"


@pytest.fixture
def executed_elsewhere(book, monkeypatch):
    """A book whose one notebook was executed on a machine with another device."""
    book.write("a", counted=True)
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(provenance, "device_class", lambda: GPU)
        book.execute("pytorch")
    assert book.ran() == ["a pytorch"]
    monkeypatch.setattr(provenance, "device_class", lambda: "cpu")
    return book


@pytest.mark.parametrize("wanted", [GPU, "cached"])
def test_a_machine_without_the_device_takes_what_was_executed_on_it(
    executed_elsewhere, monkeypatch, wanted
):
    monkeypatch.setenv("LABCODE_DEVICE_CLASS", wanted)
    run = executed_elsewhere.execute("pytorch")["book/a", "pytorch"]
    assert run.from_cache and run.meta["inputs"]["device"] == GPU
    assert executed_elsewhere.ran() == []


def test_it_names_what_is_missing_and_executes_nothing_under_a_false_name(
    executed_elsewhere, monkeypatch
):
    executed_elsewhere.write("b", counted=True)
    monkeypatch.setenv("LABCODE_DEVICE_CLASS", GPU)
    with pytest.raises(ExecutionError) as caught:
        executed_elsewhere.execute("pytorch")
    assert f"lacks 1 notebooks executed on {GPU}" in str(caught.value)
    assert "this machine is cpu: book/b in PyTorch" in str(caught.value)
    assert executed_elsewhere.ran() == []


def test_a_cache_of_several_devices_or_of_none_asks_for_a_name(executed_elsewhere, monkeypatch):
    executed_elsewhere.execute("pytorch")
    monkeypatch.setenv("LABCODE_DEVICE_CLASS", "cached")
    with pytest.raises(ExecutionError, match=rf"cpu \(1\).*{GPU} \(1\)|{GPU} \(1\).*cpu \(1\)"):
        executed_elsewhere.execute("pytorch")
    for path in executed_elsewhere.entries():
        path.write_bytes(b"PK")
    with pytest.raises(ExecutionError, match="it holds none"):
        executed_elsewhere.execute("pytorch")
