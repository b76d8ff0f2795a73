"""What a student installs is what the notebooks import, and nothing of the tools of the book.

Nothing is installed: the packages that a bundle's requirements bring are followed through the
metadata of those that are installed here. ``make try-bundles`` does it for real.
"""

import ast
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from labcode.frameworks import FRAMEWORKS
from labcode.publish.bundles import bundles
from labcode.publish.contents import read_book
from labcode.publish.distribution import normal
from tests.outside import try_bundles

ROOT = Path(__file__).resolve().parents[2]
NEVER = {"sphinx", "nbgrader", "playwright", "jupyter-book", "myst-nb", "myst-parser", "pytest"}
ROOMS = {"pytorch": {"torch", "torchvision"}, "tensorflow": {"tensorflow", "keras"}}


@pytest.fixture(scope="module")
def unpacked() -> dict[str, dict[str, bytes]]:
    """Framework -> name -> content of each file of its bundle."""
    found = {}
    for (name, data), framework in zip(bundles(read_book(ROOT)).items(), FRAMEWORKS, strict=True):
        assert framework in name
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            found[framework] = {m.rpartition("/")[2]: archive.read(m) for m in archive.namelist()}
    return found


def installed(lines: list[str]) -> set[str]:
    """All packages that pip would install for these requirements, as far as they are here."""
    waiting, found = [Requirement(line) for line in lines], set()
    while waiting:
        wanted = waiting.pop()
        key = normal(wanted.name) + "".join(sorted(wanted.extras))
        if key in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        found.add(key)
        try:
            needs = distribution(wanted.name).requires or []
        except PackageNotFoundError:
            continue
        for text in needs:
            need = Requirement(text)
            if any(
                need.marker is None or need.marker.evaluate({"extra": extra})
                for extra in (wanted.extras or {""})
            ):
                need.marker = None
                waiting.append(need)
    return found


def imports(source: str) -> Iterator[str]:
    """The top-level modules that a cell imports."""
    tree = ast.parse(TransformerManager().transform_cell(source))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_bundle_brings_what_its_notebooks_import_and_no_tool_of_the_book(unpacked, framework):
    lines = unpacked[framework]["requirements.txt"].decode().splitlines()
    brought = installed([line for line in lines if line and line[0] not in "#."])
    (other,) = ROOMS.keys() - {framework}
    assert not brought & (NEVER | ROOMS[other])
    assert "nbclient" in brought, "inside.py runs the notebooks with it"
    packages = packages_distributions()
    missing = {}
    for name, data in unpacked[framework].items():
        if not name.endswith(".ipynb"):
            continue
        for cell in json.loads(data)["cells"]:
            for module in imports("".join(cell["source"])) if cell["cell_type"] == "code" else ():
                owners = {normal(owner) for owner in packages.get(module, ())}
                if module not in sys.stdlib_module_names | {"labcode"} and not owners & brought:
                    missing.setdefault(name, set()).add(module)
    assert missing == {}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_readme_lists_commands_that_end_in_jupyter_lab_and_every_notebook(unpacked, framework):
    files = unpacked[framework]
    readme = files["README.md"].decode()
    commands = try_bundles.commands(readme)
    assert "pip install -r requirements.txt" in commands
    listed = re.findall(r"^\| \[(.+?\.ipynb)\]", readme, re.M)
    assert sorted(listed) == sorted(name for name in files if name.endswith(".ipynb"))


def test_commands_that_a_student_cannot_type_are_refused():
    with pytest.raises(try_bundles.Failed):
        try_bundles.commands("```bash\npip install -r requirements.txt\n```")
    with pytest.raises(try_bundles.Failed):
        try_bundles.commands("no commands at all")


def test_faults_are_errors_outside_of_open_exercises():
    raised = [
        {"id": kind, "kind": kind, "error": "ValueError: x"} for kind in ("exercise", "other")
    ]
    blank = {"folder": "lab1", "name": "a.ipynb", "raised": raised, "fault": ""}
    solved = blank | {"folder": "lab1/solved", "fault": "the kernel died"}
    found = try_bundles.faults({"faults": ["sphinx is installed"], "notebooks": [blank, solved]})
    assert len(found) == 1 + 1 + 3
    assert "a (blank), cell other (other): ValueError: x" in found
