"""The verb ``experiment``, typed: by itself, and as the chapters about experiments have it."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from labcode import cli, data
from labcode.experiments import running, settings, studies
from tests.experiments.conftest import study_of

BOOK = Path(__file__).parents[2] / "book" / "equal"
CHAPTERS = ("experiments.md", "speed.md")
ELSEWHERE = {"sbatch study.sh accuracy": "needs a cluster; the script itself is tried below"}
"""Commands of the chapters that cannot be typed here, and why."""


def typed(command: str) -> int:
    """The exit status of a command line that begins with ``labcode``."""
    program, *arguments = shlex.split(command)
    assert program == "labcode"
    try:
        return cli.main(arguments)
    except SystemExit as error:  # argparse's own refusals
        return error.code


def blocks(kind: str) -> list[str]:
    """The chapters' blocks of code of one kind."""
    found = []
    for name in CHAPTERS:
        text = (BOOK / name).read_text(encoding="utf-8")
        found += re.findall(rf"^```{kind}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return found


def commands() -> list[str]:
    """Each line of the chapters' bash blocks."""
    return [line for block in blocks("bash") for line in block.splitlines() if line.strip()]


@pytest.fixture
def nothing(monkeypatch, tmp_path):
    """A study of two runs called ``nothing``, by the fake worker, its results in ``tmp_path``."""
    tiny = {"nothing": lambda data, scale="small": study_of(0, 1)}
    tiny["broken"] = lambda data, scale="small": study_of(2, 13)
    monkeypatch.setattr(studies, "STUDIES", tiny)
    monkeypatch.setenv("LABCODE_RESULTS", str(tmp_path))
    return tmp_path


def test_a_study_runs_once_and_the_list_counts_it(fake, nothing, capsys):
    assert typed("labcode experiment list --data sample") == 0
    assert "nothing      0 of   2 runs done  ?" in capsys.readouterr().out
    assert typed("labcode experiment run nothing --data sample --jobs 2") == 0
    said = capsys.readouterr().out
    assert "nothing: 2 runs, 2 to do" in said and "[2/2]" in said
    assert typed("labcode experiment run nothing --data sample") == 0
    assert "nothing: 2 runs, 0 to do" in capsys.readouterr().out
    assert typed("labcode experiment list --data sample") == 0
    assert "nothing      2 of   2 runs done  ?" in capsys.readouterr().out
    assert len(fake()) == 2 and len(list(nothing.glob("nothing/*.json"))) == 2


def test_a_run_that_fails_makes_the_status_3_and_waits_for_retry(fake, nothing, capsys):
    assert typed("labcode experiment run broken --data sample") == 3
    assert "1 of 2 runs did not end well; --retry runs them once more" in capsys.readouterr().out
    assert typed("labcode experiment run broken --data sample") == 0
    assert typed("labcode experiment run broken --data sample --retry") == 3
    assert fake() == ["start 2", "start 13", "start 13"]


def test_results_can_lie_elsewhere(fake, nothing, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    assert typed(f"labcode experiment run nothing --data sample --results {other}") == 0
    assert len(list(other.glob("nothing/*.json"))) == 2 and not (nothing / "nothing").exists()


def test_shards_from_the_command_line_meet_nowhere(fake, nothing):
    for part in (2, 1):
        typed(f"labcode experiment run nothing --data sample --shard {part}/2")
    assert fake() == ["start 1", "start 0"]


WRONG = {
    "labcode experiment run guess --data sample": (1, "no study 'guess'; choose from nothing"),
    "labcode experiment run nothing --data sample --scale huge": (1, "no scale 'huge'"),
    "labcode experiment run nothing --data sample --jobs 0": (1, "--jobs must be at least 1"),
    "labcode experiment run nothing --shard 3/2": (2, "write it as I/N"),
    "labcode experiment run nothing --shard 0/2": (2, "write it as I/N"),
    "labcode experiment run nothing --shard two": (2, "write it as I/N, 1/5 to 5/5"),
    "labcode experiment run": (2, "study"),
    "labcode experiment": (2, "ACTION"),
}


@pytest.mark.parametrize("command", WRONG)
def test_what_is_typed_wrong_is_told_and_runs_nothing(fake, nothing, capsys, command):
    status, words = WRONG[command]
    assert typed(command) == status
    said = capsys.readouterr()
    assert words in said.err and "Traceback" not in said.err
    assert fake() == []


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What ``running.run`` was asked to do; it does nothing."""
    seen = []

    def run(study, where=None, **options):
        del options["say"]
        seen.append((study, where, options))
        return []

    class Installed:
        name = "tiny-imagenet"

    monkeypatch.setattr(running, "run", run)
    monkeypatch.setattr(data, "open_dataset", Installed)
    monkeypatch.chdir(tmp_path)
    return seen


def test_every_command_of_the_chapters_was_typed_or_cannot_be(asked, capsys):
    found = commands()
    assert set(ELSEWHERE) <= set(found)
    mine = [line for line in found if line.startswith("labcode ")]
    assert len(mine) >= 8
    for line in mine:
        assert typed(line) == 0, line
    assert len(asked) == len([line for line in mine if " run " in line])
    others = set(found) - set(mine) - set(ELSEWHERE)
    started = {
        " ".join([*(f"{name}={value}" for name, value in one.items()), "jupyter lab"])
        for one in settings.SETTINGS.values()
    }
    assert others == {"cp -r part-*/accuracy my-results/"} | started


def test_the_chapters_commands_ask_for_what_they_say(asked):
    for line in commands():
        if line.startswith("labcode experiment run"):
            asked.clear()
            typed(line)
            ((study, where, options),) = asked
            scale = "full" if "--scale full" in line else "small"
            declared = studies.study(study.name, "tiny-imagenet", scale)
            assert study.records == declared.records, line
            assert (where is not None) == ("--results" in line)
            assert options["retry"] == ("--retry" in line)
            assert not (study.timed and options["jobs"] > 1), line


def test_all_parts_of_the_matrix_are_the_whole_study(asked):
    (workflow,) = [yaml.safe_load(block) for block in blocks("yaml")]
    job = workflow["jobs"]["shard"]
    (command,) = [s["run"] for s in job["steps"] if "experiment" in s.get("run", "")]
    parts = job["strategy"]["matrix"]["part"]
    for part in parts:
        own = command.replace("${{ matrix.part }}", str(part)).removeprefix(".venv/bin/")
        assert typed(own) == 0
    covered = [r for study, _, options in asked for r in study.shard(*options["shard"])]
    assert sorted(map(repr, covered)) == sorted(map(repr, asked[0][0].records))
    upload = job["steps"][-1]["with"]
    assert all(where.name == upload["path"] for _, where, _ in asked)
    assert upload["name"].replace("${{ matrix.part }}", "1") == "part-1"


def test_the_script_for_slurm_runs_its_part_and_the_parts_are_all(tmp_path):
    """A scheduler played by the environment; ``labcode`` writes down how it was called."""
    (script,) = blocks("sh")
    (tmp_path / "study.sh").write_text(script)
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "activate").write_text("")
    stub = tmp_path / "labcode"
    stub.write_text('#!/bin/bash\nprintf "%s\\n" "$*" >> "$CALLS"\n')
    stub.chmod(0o755)
    first, last = map(int, re.search(r"--array=(\d+)-(\d+)", script).groups())
    env = {
        **os.environ,
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "CALLS": str(tmp_path / "calls"),
        "SLURM_ARRAY_TASK_COUNT": str(last - first + 1),
        "SLURM_SUBMIT_DIR": str(tmp_path),
    }
    for task in range(first, last + 1):
        own = env | {"SLURM_ARRAY_TASK_ID": str(task)}
        subprocess.run(["bash", "study.sh", "accuracy"], cwd=tmp_path, env=own, check=True)
    calls = (tmp_path / "calls").read_text().splitlines()
    where = tmp_path / "my-results"
    assert calls == [
        f"experiment run accuracy --shard {part}/6 --results {where}" for part in range(1, 7)
    ]


def test_merging_is_copying(tmp_path):
    """The chapter's own command, on parts as the matrix leaves them."""
    (command,) = [line for line in commands() if line.startswith("cp ")]
    (tmp_path / "my-results").mkdir()
    for part in range(1, 4):
        folder = tmp_path / f"part-{part}" / "accuracy"
        folder.mkdir(parents=True)
        (folder / f"{part}.json").write_text(str(part))
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    names = sorted(path.name for path in (tmp_path / "my-results" / "accuracy").iterdir())
    assert names == ["1.json", "2.json", "3.json"]
