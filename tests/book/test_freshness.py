"""The gate before publishing: it lets a fresh site through and names each page that is not."""

import json
import shutil
from pathlib import Path

import pytest

from labcode.cli import main
from labcode.publish import cache
from labcode.publish.contents import read_book
from labcode.publish.freshness import faults
from labcode.publish.keys import Keys
from tests.book.test_build import edit

SUMS = "_build/html/book/lab/sums"


@pytest.fixture
def check(copy, monkeypatch, capsys):
    """``check()`` gives the exit status of ``labcode check-site`` for ``copy``, and its lines."""
    monkeypatch.setenv("LABCODE_DATA", str(copy / "data"))
    monkeypatch.setenv("LABCODE_DATASET", "tiny-imagenet")
    for name in ("LABCODE_EXECUTED", "LABCODE_DEVICE_CLASS", "PROFILE"):
        monkeypatch.delenv(name, raising=False)

    def run() -> tuple[int, list[str]]:
        status = main(["check-site", "--root", str(copy)])
        said = capsys.readouterr()
        return status, (said.out + said.err).strip().splitlines()

    return run


def stale(check) -> list[str]:
    """The faults that the command names; it must fail."""
    status, lines = check()
    assert status == 1 and any(line.endswith("labcode book") for line in lines), lines
    return [line.strip() for line in lines if line.startswith("  ")]


def both(page: str, why: str) -> list[str]:
    return [f"book/lab/{page}: {f} ran before a change of {why}" for f in ("PyTorch", "TensorFlow")]


def test_a_site_that_was_just_built_is_fresh_and_nothing_is_executed(check, copy):
    shutil.rmtree(copy / "_build" / "executed")
    status, lines = check()
    assert status == 0
    assert lines == [f"{copy / '_build' / 'html'}: all 4 pages are as new as their inputs"]
    assert not (copy / "_build" / "executed").exists()


def test_prose_titles_and_display_tags_make_no_output_old(check, copy):
    edit(copy, "lab/sums", "Both kernels begin", "Indeed both kernels begin")
    edit(copy, "lab/sums", "[pytorch, hide-input]", "[pytorch, hide-output]")
    edit(copy, "lab/second", "# A second page", "# Another page")
    assert check()[0] == 0


def test_an_edited_cell_makes_its_frameworks_output_old(check, copy):
    edit(copy, "lab/sums", 'print("tensorflow says"', 'print("keras says"')
    assert stale(check) == ["book/lab/sums: TensorFlow ran before a change of its code"]


def test_an_edited_cell_of_both_makes_both_outputs_old(check, copy):
    edit(copy, "lab/sums", "numbers = [1, 2, 3, 4]", "numbers = [4, 3, 2, 1]")
    assert stale(check) == both("sums", "its code")


def test_an_edited_requirement_makes_every_output_old(check, copy):
    (copy / "requirements.txt").write_text("numpy==2.4.7\n")
    assert stale(check) == both("sums", "requirements.txt") + both("second", "requirements.txt")


def test_an_edit_of_labcode_makes_every_output_old_and_one_of_publishing_none(
    check, copy, tmp_path
):
    package = tmp_path / "labcode"
    shutil.copytree(cache.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))

    def found() -> list[str]:
        return list(faults(read_book(copy), copy / "_build" / "html", Keys(copy, None, package)))

    with (package / "publish" / "page.py").open("a") as file:
        file.write("# edited\n")
    assert found() == []
    with (package / "files.py").open("a") as file:
        file.write("# edited\n")
    assert found() == both("sums", "labcode") + both("second", "labcode")


def test_another_profile_and_another_device_are_named(check, monkeypatch):
    monkeypatch.setenv("PROFILE", "full")
    monkeypatch.setenv("LABCODE_DEVICE_CLASS", "cuda:NVIDIA Planted")
    assert stale(check)[0].startswith(
        "book/lab/sums: PyTorch ran before a change of the profile (quick, now full) and "
        "the class of device ("
    )


def test_other_images_make_every_output_old(check, copy):
    train = copy / "data" / "tiny-imagenet" / "train" / "n01443537" / "images"
    picture = train / "n01443537_0.JPEG"
    shutil.copy(copy / "data" / "tiny-imagenet" / "val" / "images" / "val_2.JPEG", picture)
    shutil.rmtree(copy / "data" / "tiny-imagenet.arrays")
    assert stale(check) == both("sums", "the data set") + both("second", "the data set")


def test_recorded_runs_make_old_what_reads_them(check, copy):
    # A chapter that names their room; its outputs are planted, for only its key matters here.
    code = "print([1, 2, 3, 4])  # as labcode.experiments would say"
    edit(copy, "lab/second", 'print("second page, pytorch")', code)
    keys = Keys(copy)
    book = read_book(copy)
    site = copy / "_build" / "html"
    path = site / "book" / "lab" / "second.provenance.json"
    told = json.loads(path.read_text())
    html = path.with_name("second.html")
    plant_key(told, html, book.chapters["book/lab/second"], "pytorch", keys)
    path.write_text(json.dumps(told))
    assert check()[0] == 0
    (copy / "book" / "results" / "ladder").mkdir(parents=True)
    (copy / "book" / "results" / "ladder" / "run.json").write_text("{}")
    assert stale(check) == ["book/lab/second: PyTorch ran before a change of the recorded runs"]


def plant_key(told: dict, html: Path, chapter, framework: str, keys: Keys) -> None:
    """Give a notebook the key that it would have if it were executed now."""
    from labcode.publish.chapter import project

    notebook, run = project(chapter, framework), told["notebooks"][framework]
    new = keys.key(notebook, framework)
    html.write_text(html.read_text().replace(run["key"], new))
    run.update(key=new, inputs=keys.inputs(notebook, framework))


def rewrite(path: Path, change) -> None:
    told = json.loads(path.read_text())
    change(told)
    path.write_text(json.dumps(told))


DAMAGE = {
    "cut": (lambda p: p.write_text(p.read_text()[:300]), "is damaged"),
    "empty": (lambda p: p.write_text(""), "is damaged"),
    "of another type": (lambda p: p.write_text("[]"), "is damaged"),
    "of another page": (
        lambda p: shutil.copy(p.with_name("second.provenance.json"), p), "that of book/lab/second"),
    "missing": (lambda p: p.unlink(), "is missing"),
    "without a key": (
        lambda p: rewrite(p, lambda told: told["notebooks"]["pytorch"].pop("key")), "is damaged"),
    "without a framework": (
        lambda p: rewrite(p, lambda told: told["notebooks"].pop("pytorch")), "PyTorch is missing"),
    "with a third framework": (
        lambda p: rewrite(p, lambda told: told["notebooks"].update(jax={})), "no framework jax"),
    "of another build": (
        lambda p: rewrite(p, lambda told: told["notebooks"]["pytorch"].update(key="0" * 64)),
        "are of different builds"),
}  # fmt: skip


@pytest.mark.parametrize("damage, words", DAMAGE.values(), ids=DAMAGE)
def test_a_page_whose_provenance_is_not_whole_is_named(check, copy, damage, words):
    damage(copy / f"{SUMS}.provenance.json")
    (line,) = stale(check)
    assert line.startswith("book/lab/sums: ") and words in line


def test_a_page_of_an_older_build_beside_new_provenance_is_named(check, copy):
    edit(copy, "lab/sums", "numbers = [1, 2, 3, 4]", "numbers = [4, 3, 2, 1]")
    book, keys = read_book(copy), Keys(copy)
    path = copy / f"{SUMS}.provenance.json"
    told = json.loads(path.read_text())
    for framework in told["notebooks"]:
        other = copy / "other.html"
        other.write_text("")
        plant_key(told, other, book.chapters["book/lab/sums"], framework, keys)
    path.write_text(json.dumps(told))
    assert (
        stale(check)
        == ["book/lab/sums: the page and its .provenance.json are of different builds"] * 2
    )


def test_missing_pages_and_pages_too_many_are_named(check, copy):
    (copy / f"{SUMS}.html").unlink()
    (copy / "_build" / "html" / "book" / "status.html").unlink()
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text().replace("  - file: book/lab/second\n", ""))
    assert stale(check) == [
        "book/lab/sums: the page is missing",
        "book/status: the page is missing",
        "book/lab/second: the book has no such page",
    ]


def test_a_chapter_that_is_not_built_yet_and_one_that_lost_its_code_are_named(check, copy):
    new = copy / "book" / "lab" / "third.md"
    shutil.copy(copy / "book" / "lab" / "second.md", new)
    toc = copy / "_toc.yml"
    toc.write_text(toc.read_text() + "  - file: book/lab/third\n")
    (copy / "book" / "lab" / "second.md").write_text("# A second page\n\nProse.\n")
    assert stale(check) == [
        "book/lab/second: it tells how it was executed, and has no code any more",
        "book/lab/third: the page is missing",
    ]


def test_without_a_site_it_says_how_to_get_one(check, copy):
    shutil.rmtree(copy / "_build" / "html")
    status, (line,) = check()
    assert status == 1 and "labcode book" in line


def test_a_notebook_of_before_this_gate_is_checked_by_its_key_alone(check, copy):
    for path in (copy / "_build" / "html").rglob("*.provenance.json"):
        rewrite(path, lambda told: [run.pop("inputs") for run in told["notebooks"].values()])
    assert check()[0] == 0
    edit(copy, "lab/sums", 'print("tensorflow says"', 'print("keras says"')
    (line,) = stale(check)
    assert line.startswith("book/lab/sums: TensorFlow ran before a change of its inputs")
