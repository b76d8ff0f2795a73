"""What labcode's ``pyproject.toml`` and the locked requirements say, for those who install it."""

import re
import tomllib
from pathlib import Path

import labcode
from labcode.errors import LabcodeError

SOURCE = Path(labcode.__file__).resolve().parents[1]
"""The folder of the source tree, from which books are published."""


def project() -> dict:
    """The tables of ``pyproject.toml``. Raises LabcodeError outside of the source tree."""
    try:
        return tomllib.loads((SOURCE / "pyproject.toml").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise LabcodeError(
            f"{SOURCE} has no pyproject.toml: notebooks are published from labcode's source tree; "
            "in a checkout of it, type: pip install --editable '.[book]'"
        ) from None


def locked() -> dict[str, str]:
    """Each locked package -> its version."""
    lines = (SOURCE / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    return {normal(name): version.strip() for name, version in pairs}


def normal(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(framework: str) -> list[str]:
    """What a student's environment needs besides labcode itself, pinned where the lock pins it."""
    table = project()["project"]
    extras = table["optional-dependencies"]
    pins = locked()
    found = {}
    wanted = [line for extra in (framework, "edge", "notebook") for line in extras[extra]]
    for text in [*table["dependencies"], *wanted]:
        name = re.match(r"[\w.-]+", text)[0]
        pin = pins.get(normal(name))
        found[normal(name)] = f"{name}=={pin}" if pin else text
    return [found[name] for name in sorted(found)]


def pythons() -> tuple[tuple[int, int], tuple[int, int]]:
    """The oldest and the newest Python that labcode runs on, from ``requires-python``."""
    lower, upper = project()["project"]["requires-python"].split(",")
    major, minor = lower.strip(" >=").split(".")
    above = upper.strip(" <").split(".")
    return (int(major), int(minor)), (int(above[0]), int(above[1]) - 1)


def pythons_in_words() -> str:
    """3.11 to 3.13."""
    oldest, newest = pythons()
    return f"{oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}"
