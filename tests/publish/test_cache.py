"""What is in a key and what is not, and entries that are whole or not used."""

import zipfile

import numpy as np
import pytest

from labcode.agreement import Record
from labcode.publish import cache
from labcode.publish.chapter import project
from labcode.publish.parsing import read_chapter

COMMON = {
    "package": "p",
    "requirements": "r",
    "dataset": "d",
    "results": "s",
    "profile": "quick",
    "device": "cpu",
    "python": "3.11",
}

SOURCE = """\
# Title

Prose.

```{code-cell}
:tags: [pytorch]
a = "torch"
```

```{code-cell}
:tags: [tensorflow]
a = "keras"
```

```{code-cell}
:tags: [hide-input]
print(a)
```
"""


def key(text=SOURCE, framework="pytorch", **changed):
    notebook = project(read_chapter("book/x.md", text), framework)
    return cache.key(notebook, framework, **{**COMMON, **changed})


@pytest.mark.parametrize("part", COMMON)
def test_each_circumstance_is_in_the_key(part):
    assert key() != key(**{part: "other"})


@pytest.mark.parametrize("old", ["Title", "Prose.", "hide-input", "keras"])
def test_prose_titles_display_tags_and_the_other_framework_are_not(old):
    new = "hide-output" if old == "hide-input" else "Other"
    assert key() == key(SOURCE.replace(old, new))


@pytest.mark.parametrize("old", ['torch"', "print(a)"])
def test_code_is(old):
    assert key() != key(SOURCE.replace(old, 'b"' if '"' in old else "b"))


def test_permission_to_raise_is_for_it_changes_what_runs():
    assert key() != key(SOURCE.replace("hide-input", "raises-exception"))


def test_frameworks_have_keys_of_their_own_even_for_equal_code():
    text = "# T\n\n```{code-cell}\nx = 1\n```\n"
    assert key(text, "pytorch") != key(text, "tensorflow")


def test_the_package_digest_leaves_publishing_the_doctor_and_byte_code_out(tmp_path):
    unseen = ("publish/page.py", "doctor/finding.py", "__pycache__/a.pyc")
    for name in ("toycnn.py", "shipped/w.bin", *unseen):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("first")
    first = cache.package_digest(tmp_path)
    for name in unseen:
        (tmp_path / name).write_text("second")
    assert cache.package_digest(tmp_path) == first
    (tmp_path / "shipped" / "w.bin").write_text("second")
    second = cache.package_digest(tmp_path)
    (tmp_path / "toycnn.py").write_text("second")
    assert len({first, second, cache.package_digest(tmp_path)}) == 3


def test_the_results_digest_is_of_what_lies_in_the_folder_now(tmp_path):
    none = cache.results_digest(tmp_path)
    (tmp_path / "book" / "results" / "a").mkdir(parents=True)
    assert cache.results_digest(tmp_path) == none
    run = tmp_path / "book" / "results" / "a" / "run.json"
    run.write_text("{}")
    first = cache.results_digest(tmp_path)
    run.write_text("[]")
    assert len({none, first, cache.results_digest(tmp_path)}) == 3


FILES = {"01d448afd928/a b.bin": bytes(10), "4f53cda18c2b/records.json": b"[]"}


def stored(tmp_path, files=FILES):
    notebook = project(read_chapter("book/x.md", SOURCE), "pytorch")
    records = {n: Record(n, np.arange(3.0), 1e-4, True) for n in ("second", "first")}
    kept = cache.Entry(notebook, records, {"key": "k", "seconds": 1.5}, files)
    return notebook, cache.store(tmp_path, "k", kept)


def test_an_entry_comes_back_as_it_was_stored(tmp_path):
    notebook, path = stored(tmp_path)
    assert list(tmp_path.iterdir()) == [path]
    again = cache.load(tmp_path, "k")
    assert again.notebook == notebook
    assert list(again.records) == ["second", "first"]
    first = again.records["first"]
    assert np.array_equal(first.values, np.arange(3.0)) and first.argmax
    assert again.meta == {"key": "k", "seconds": 1.5}
    assert again.files == FILES


@pytest.mark.parametrize("fault", ["missing", "other content"])
def test_an_entry_whose_files_are_not_those_it_names_counts_as_damaged(tmp_path, capsys, fault):
    path = stored(tmp_path)[1]
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if fault == "missing":
        del members["files/01d448afd928/a b.bin"]
    else:
        members["files/01d448afd928/a b.bin"] = bytes(11)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    assert cache.load(tmp_path, "k") is None
    assert "damaged" in capsys.readouterr().err and not path.exists()


def test_a_missing_entry_is_none(tmp_path):
    assert cache.load(tmp_path, "k") is None


@pytest.mark.parametrize("damage", ["truncated", "flipped", "renamed", "empty"])
def test_a_damaged_entry_is_reported_removed_and_counts_as_missing(tmp_path, capsys, damage):
    path = stored(tmp_path)[1]
    data = bytearray(path.read_bytes())
    wanted = "k"
    if damage == "truncated":
        path.write_bytes(data[: len(data) // 2])
    elif damage == "flipped":
        data[80] ^= 0xFF
        path.write_bytes(data)
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        wanted = "other"
        path = path.rename(cache.entry(tmp_path, wanted))
    assert cache.load(tmp_path, wanted) is None
    assert "damaged" in capsys.readouterr().err
    assert not path.exists()
