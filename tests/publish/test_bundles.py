"""Bundles and the wheel in them: complete, installable, and the same bytes every time."""

import email
import io
import os
import re
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from labcode.cli import main
from labcode.publish import archives, bundles, distribution, notebooks, wheel
from tests.publish.small_chapters import TWO, whole

ROOT = Path(__file__).resolve().parents[2]


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def built():
    return bundles.bundles(whole())


def test_a_bundle_holds_its_frameworks_notebooks_and_what_they_need(built):
    assert built.keys() == {"lab1-pytorch.zip", "lab1-tensorflow.zip"}
    student = notebooks.export(whole())
    for key, other in (("pytorch", "torch"), ("tensorflow", "tensorflow")):
        found = members(built[f"lab1-{key}.zip"])
        name, data = wheel.build()
        folder = f"lab1-{key}/"
        assert found.keys() == {
            folder + each
            for each in ("README.md", "requirements.txt", "LICENSE", name,
                         f"one-{key}.ipynb", f"two-{key}.ipynb")
        }  # fmt: skip
        assert found[folder + name] == data
        assert found[f"{folder}one-{key}.ipynb"] == student[f"one-{key}.ipynb"]
        wanted = found[folder + "requirements.txt"].decode().splitlines()[1:]
        assert wanted[0] == f"./{name}"
        assert any(line.startswith(f"{other}==") for line in wanted)
        readme = found[folder + "README.md"].decode()
        assert "pip install -r requirements.txt\njupyter lab\n" in readme
        assert f"| [two-{key}.ipynb](two-{key}.ipynb) | Chapter *two* |" in readme
        for canary in (b"CANARY-SOLUTION", b"CANARY-HIDDEN"):
            assert not any(canary in data for data in found.values())


def test_a_students_requirements_are_pinned_as_locked_and_need_no_tool_of_the_book():
    locked = distribution.locked()
    tools = {"sphinx", "nbgrader", "nbclient", "jupyter-book", "myst-nb", "playwright", "pytest"}
    for key, foreign in (("pytorch", "tensorflow"), ("tensorflow", "torch")):
        lines = distribution.requirements(key)
        names = {distribution.normal(re.match(r"[\w.-]+", line)[0]) for line in lines}
        assert not names & (tools | {foreign})
        assert {"numpy", "matplotlib", "ipykernel", "jupyterlab"} <= names
        for line in lines:
            name = re.match(r"[\w.-]+", line)[0]
            if distribution.normal(name) in locked:
                assert line == f"{name}=={locked[distribution.normal(name)]}"


def test_the_same_source_gives_the_same_bytes(built, monkeypatch):
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    assert bundles.bundles(whole()) == built
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    later = archives.zipped({"a": b"x"})
    (info,) = zipfile.ZipFile(io.BytesIO(later)).infolist()
    assert info.date_time == (2023, 11, 14, 22, 13, 20)
    assert info.external_attr >> 16 == 0o100644
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    (info,) = zipfile.ZipFile(io.BytesIO(archives.zipped({"a": b"x"}))).infolist()
    assert info.date_time == (1980, 1, 1, 0, 0, 0)


def test_what_an_editor_left_in_a_hidden_folder_is_not_in_the_wheel(tmp_path, monkeypatch):
    for name in ("labcode/cli.py", "labcode/.ipynb_checkpoints/cli-checkpoint.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    table = distribution.project()
    monkeypatch.setattr(distribution, "SOURCE", tmp_path)
    assert wheel.package_files(table).keys() == {"labcode/cli.py"}


def test_the_wheel_is_what_setuptools_would_build(tmp_path):
    if int(version("setuptools").split(".")[0]) < 77:
        pytest.skip("pyproject.toml asks for setuptools 77 or newer")
    tree = tmp_path / "tree"
    shutil.copytree(
        ROOT / "labcode", tree / "labcode", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    program = "from setuptools import build_meta; print(build_meta.build_wheel('.'))"
    subprocess.run([sys.executable, "-c", program], cwd=tree, check=True, capture_output=True)
    name, data = wheel.build()
    ours, theirs = members(data), members((tree / name).read_bytes())
    assert {n: d for n, d in ours.items() if ".dist-info" not in n} == {
        n: d for n, d in theirs.items() if ".dist-info" not in n
    }
    info = name.removesuffix("-py3-none-any.whl") + ".dist-info/"
    assert ours[info + "entry_points.txt"] == theirs[info + "entry_points.txt"]
    mine, other = (email.message_from_bytes(m[info + "METADATA"]) for m in (ours, theirs))
    for key in ("Name", "Version", "License-Expression", "License-File", "Summary"):
        assert mine[key] == other[key]
    assert SpecifierSet(mine["Requires-Python"]) == SpecifierSet(other["Requires-Python"])
    assert mine.get_all("Provides-Extra") == other.get_all("Provides-Extra")
    wanted = [set(map(Requirement, found.get_all("Requires-Dist"))) for found in (mine, other)]
    assert wanted[0] == wanted[1] and len(wanted[0]) > 20


BLOCK = """
import importlib.abc, sys
sys.path.insert(0, sys.argv.pop(1))
class Block(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"sphinx", "docutils", "nbgrader", "nbclient", "nbformat",
            "myst_nb", "myst_parser", "markdown_it", "jupyter_book", "jupytext", "playwright",
            "IPython", "yaml", "setuptools"}:
            raise ModuleNotFoundError("No module named " + name, name=name)
sys.meta_path.insert(0, Block())
import labcode.cli, labcode.plots, labcode.reference, labcode.agreement, labcode.binaries
assert labcode.__file__.startswith(sys.path[0]), labcode.__file__
sys.exit(labcode.cli.main(sys.argv[1:]))
"""


def test_the_wheel_installs_and_works_without_the_tools_of_the_book(tmp_path):
    name, data = wheel.build()
    (tmp_path / name).write_bytes(data)
    target = tmp_path / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index",
           "--no-compile"]  # fmt: skip
    subprocess.run([*pip, "--target", str(target), str(tmp_path / name)], check=True)
    assert (target / "labcode" / "shipped" / "sample.safetensors").is_file()
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    command = [sys.executable, "-c", BLOCK, str(target)]
    done = subprocess.run(
        [*command, "--help"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0 and "turn-in" in done.stdout, done.stderr
    done = subprocess.run(
        [*command, "notebooks"], env=env, cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 1 and "needs the package" in done.stderr


def test_the_command_says_where_the_bundles_are(tmp_path, capsys):
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("format: jb-book\nroot: book/two\n")
    (tmp_path / "book" / "two.md").write_text(TWO)
    assert main(["bundles", "--root", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    for key in ("pytorch", "tensorflow"):
        assert f"lab1-{key}.zip" in told
        assert (tmp_path / "_build" / "bundles" / f"lab1-{key}.zip").is_file()
