"""The two rooms have the same files, the same names and the same signatures."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import labcode

ROOMS = ("pytorch", "tensorflow")
HOME = Path(labcode.__file__).parent
FILES = sorted(path.stem for path in (HOME / ROOMS[0]).glob("*.py"))

# What one framework needs of its own because the other has it built in or does without.
OWN = {
    "tensorflow": {
        "devices.autocast",  # torch.autocast
        "batches.ResidentImages.batch",  # A graph cannot call a generator.
    },
    "pytorch": set(),
}


def signature(function) -> list[tuple]:
    """Names, kinds and defaults; annotations differ, since types are the frameworks' own."""
    parameters = inspect.signature(function).parameters.values()
    return [(one.name, one.kind, one.default) for one in parameters]


def public(room: str, file: str) -> dict[str, list[tuple]]:
    """Each public function, class and method that ``file`` defines, with its signature."""
    module = importlib.import_module(f"labcode.{room}" + ("" if file == "__init__" else f".{file}"))
    found = {}
    for name, value in vars(module).items():
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        if not (inspect.isfunction(value) or inspect.isclass(value)):
            continue
        found[f"{file}.{name}"] = signature(value)
        if inspect.isclass(value):
            for method, function in inspect.getmembers(value, inspect.isfunction):
                if not method.startswith("_"):
                    found[f"{file}.{name}.{method}"] = signature(function)
    return {name: value for name, value in found.items() if name not in OWN[room]}


def test_the_rooms_have_the_same_files():
    assert FILES == sorted(path.stem for path in (HOME / ROOMS[1]).glob("*.py"))


@pytest.mark.parametrize("file", FILES)
def test_the_rooms_have_the_same_names_and_signatures(file):
    one, other = (public(room, file) for room in ROOMS)
    assert one == other
    assert one or file == "__init__"


@pytest.mark.parametrize("file", FILES)
def test_what_is_public_says_what_it_does(file):
    for room in ROOMS:
        module = importlib.import_module(f"labcode.{room}.{file}".removesuffix(".__init__"))
        assert module.__doc__
        for name in public(room, file):
            value = module
            for part in name.split(".")[1:]:
                value = getattr(value, part)
            assert value.__doc__, f"{room}: {name}"


def test_the_rooms_export_the_same_names():
    one, other = (importlib.import_module(f"labcode.{room}") for room in ROOMS)
    assert one.__all__ == other.__all__ == sorted(one.__all__)


@pytest.mark.parametrize("room, stranger", [("pytorch", "tensorflow"), ("tensorflow", "torch")])
def test_a_room_imports_its_own_framework_only(room, stranger):
    code = f"import sys, labcode.{room}; print({stranger!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_the_ground_floor_imports_no_framework():
    names = "toycnn weights recipe batches metrics history checkpoint binaries data files errors"
    names += " timing profiling roofline trace xplane reference energy quantise pictures downloads"
    names += " edge quiet experiments.records experiments.results experiments.studies"
    code = (
        f"import sys; [__import__('labcode.' + n) for n in {names.split()}]; "
        "print({'torch', 'tensorflow', 'keras'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
