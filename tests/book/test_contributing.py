"""The contributors' page: its commands, typed in a small book in the real frameworks; its code."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from labcode.experiments import records, studies
from labcode.experiments.results import Result
from labcode.history import Epoch, History
from labcode.publish.parsing import read_chapter
from labcode.recipe import Recipe
from tests.book import html_pages, small_book

ROOT = small_book.ROOT
PAGE = ROOT / "book" / "contributing.md"
TEXT = PAGE.read_text(encoding="utf-8")
CHAPTER = "lab/12-pruning"

ELSEWHERE = {
    "make doctor": "looks at the real machine; tests/test_doctor.py has others",
    "make exercises": "tries the real lab",
    "make study STUDY=ladder": "trains for hours",
    "make data": "downloads",
    "rsync -a _build/executed/ other-machine:book/_build/executed/": "needs another machine",
    "rsync -a ~/.local/share/labcode/ other-machine:.local/share/labcode/": "needs another machine",
    "make tensorflow-apart": "downloads gigabytes",
    "export LABCODE_PYTHON_TENSORFLOW=$PWD/.venv-tensorflow/bin/python": "goes with the last one",
    "make workflows": "downloads a program",
    "array=$(sbatch --parsable execute.sh)": "needs a cluster",
    "sbatch --wait --dependency=afterany:$array pages.sh": "needs a cluster",
}
"""Commands of the page that are not typed here, and why."""


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command of the page, in order."""
    lines = (line for block in blocks("bash") for line in block.splitlines())
    return [line.strip() for line in lines if line.strip() and line[0] != "#"]


def workshop(folder: Path) -> Path:
    """A small book with the project's Makefile, and an environment that is this one."""
    small_book.make(folder)
    for name in ("Makefile", "pyproject.toml", "requirements.txt"):
        shutil.copy(ROOT / name, folder)
    programs = folder / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, module in (("labcode", "-m labcode.cli "), ("python", "")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
        (programs / name).chmod(0o755)
    (folder / ".venv" / ".ready").touch()
    images = folder / "for-zip"
    small_book.images(images)
    shutil.make_archive(folder / "tiny-imagenet", "zip", images, "tiny-imagenet")
    return folder


@pytest.fixture(scope="module")
def typed(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    """The book after all commands, and what each said."""
    folder = workshop(tmp_path_factory.mktemp("workshop") / "book")
    said = {}
    for command in commands():
        if command in ELSEWHERE:
            continue
        env = small_book.environment(folder)
        env["PATH"] = f"{folder / '.venv' / 'bin'}{os.pathsep}{env['PATH']}"
        if command.startswith("make data"):
            env["LABCODE_DATA"] = str(folder / "other-data")
        done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        said[command] = done.stdout
        if command.startswith("make chapter"):
            # The small book lists its chapters without parts, and so less indented.
            line = done.stdout.splitlines()[-1]
            toc = folder / "_toc.yml"
            toc.write_text(f"{toc.read_text()}{line[4:]}\n")
    return folder, said


def test_every_command_is_typed_or_cannot_be(typed):
    assert set(commands()) == typed[1].keys() | ELSEWHERE.keys() and len(typed[1]) >= 6


def test_what_the_page_says_of_its_commands_is_so(typed):
    folder, said = typed
    line = f"      - file: book/{CHAPTER}"
    assert said[next(c for c in said if c.startswith("make chapter"))].splitlines()[-1] == line
    assert "product: largest difference" in said[f"labcode execute book/{CHAPTER}.md"]
    # Only the small book's own notebooks were still to do.
    assert "6 notebooks: 4 executed, 2 from the cache" in said["make book"]
    assert "lead somewhere" in said["make links"]
    assert (
        "ladder" in said["labcode experiment list"] and "tiny-imagenet" in said["labcode data list"]
    )
    assert (folder / "other-data" / "tiny-imagenet" / "wnids.txt").is_file()


def test_the_new_chapter_is_a_whole_page(typed):
    folder, _ = typed
    site = folder / "_build" / "html"
    assert html_pages.faults(folder, site) == []
    page = html_pages.soup(site / "book" / f"{CHAPTER}.html")
    assert page.h1.get_text().startswith("What to prune") and page.find(id="pruning")
    assert page.find("img", alt=lambda text: text and text.startswith("A matrix of two by two"))
    assert "product" in page.get_text()
    assert "point is for the reason" not in page.get_text(), "a grading note is on the page"
    assert len(read_chapter(folder / "book" / f"{CHAPTER}.md", root=folder).notes) == 1


def test_the_study_of_the_page_is_one():
    names = dict(vars(studies))
    exec(next(block for block in blocks("python") if "Study(" in block), names)
    for scale in studies.SCALES:
        made = names["momentum"]("sample", scale)
        assert made.name == "momentum" and len(made.records) == 3 * 2 * 2
        assert len({records.digest(record) for record in made.records}) == len(made.records)


def test_the_quantity_of_the_page_reads_what_a_run_leaves():
    made = {}

    def quantity(name):
        return lambda formula: made.setdefault(name, formula)

    code = next(block for block in blocks("python") if "@quantity" in block)
    exec(code, {"quantity": quantity, "statistics": statistics})
    study = {}
    exec(next(b for b in blocks("python") if "Study(" in b), study | vars(studies), study)

    class Results:
        def study(self, name):
            assert name == "momentum"
            for record in map(records.as_dict, study["momentum"]("sample").records):
                top1 = 0.1 + 0.2 * record["recipe"]["momentum"] + record["recipe"]["seed"] / 100
                top1 += record["framework"] == "tensorflow"
                epochs = [Epoch(i, 0, 0, 0, i * top1, *[0] * 8) for i in (0, 1)]
                outcome = {"history": History(Recipe(), epochs).asdict()}
                yield Result(record, "ok", outcome, None, {}, 1.0)

    assert made["momentum.gain.pytorch"](Results()) == pytest.approx(0.18)
    assert "momentum.gain.pytorch in " in TEXT


def test_the_wrong_answer_of_the_page_is_written_as_the_others():
    (wrong,) = tomllib.loads(blocks("toml")[0])["wrong"]
    others = (ROOT / "tests" / "exercises" / "answers" / "loop.toml").read_text(encoding="utf-8")
    assert wrong.keys() == tomllib.loads(others)["wrong"][0].keys()


def test_each_variable_of_the_page_is_read_somewhere():
    code = "".join(path.read_text() for path in (ROOT / "labcode").rglob("*.py"))
    named = set(re.findall(r"`(LABCODE_[A-Z_]+|PROFILE)`", TEXT))
    assert len(named) >= 7
    for name in named:
        assert name in code or name.startswith("LABCODE_PYTHON_"), f"nothing reads {name}"
    workflows = "".join(p.read_text() for p in (ROOT / ".github" / "workflows").glob("*.yml"))
    for name in ("GPU_RUNNER", "SHARDS", "PIP_EXTRA_INDEX_URL"):
        assert f"`{name}`" in TEXT and f"vars.{name}" in workflows


def test_each_make_target_of_the_page_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, re.MULTILINE))
    assert len(named) > 8 and named - targets == set()
