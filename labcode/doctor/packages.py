"""The interpreter and its packages, held against ``pyproject.toml`` and ``requirements.txt``."""

import re
import sys
from collections.abc import Iterator
from importlib import metadata

from labcode.doctor.finding import MISSING, NOTE, OK, Finding
from labcode.errors import LabcodeError
from labcode.frameworks import FRAMEWORKS, interpreter
from labcode.publish import distribution

SET_UP = "make setup"
SHOWN = 4


def python(version: tuple[int, ...] = tuple(sys.version_info[:3])) -> Finding:
    """Whether this interpreter is one that the project supports."""
    said = ".".join(map(str, version))
    try:
        oldest, newest = distribution.pythons()
    except LabcodeError as error:
        return Finding(MISSING, "python", str(error))
    if oldest <= version[:2] <= newest:
        return Finding(OK, "python", said)
    words = f"{said}; the book needs {distribution.pythons_in_words()}"
    return Finding(MISSING, "python", words, "make setup PYTHON=python3.NN, with one of them")


def packages() -> Iterator[Finding]:
    """Installed packages against the pins, in this interpreter."""
    try:
        pins = distribution.locked()
    except OSError as error:
        yield Finding(MISSING, "packages", f"no pins to compare with: {error}")
        return
    found = {name: installed(name) for name in pins}
    absent = [name for name, version in found.items() if version is None]
    other = [
        f"{name} {version} for {pins[name]}"
        for name, version in found.items()
        # The same release for another device has a suffix: 2.13.0+cpu.
        if version is not None and version.partition("+")[0] != pins[name]
    ]
    # With a framework in an environment of its own, its packages are not wanted in this one.
    elsewhere = any(interpreter(framework) != sys.executable for framework in FRAMEWORKS)
    needed = [name for name in absent if name in direct(elsewhere)] if elsewhere else absent
    spared = [name for name in absent if name not in needed]
    if needed:
        yield Finding(MISSING, "packages", f"not installed: {few(needed)}", SET_UP)
    if spared:
        yield Finding(NOTE, "packages", f"not in this environment: {few(spared)}; "
                      "a framework has its own")  # fmt: skip
    if other:
        yield Finding(NOTE, "packages", f"not the pinned version: {few(other)}", SET_UP)
    if not absent and not other:
        yield Finding(OK, "packages", f"all {len(pins)} as pinned")


def installed(name: str) -> str | None:
    """The installed version, or None."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def direct(elsewhere: bool) -> set[str]:
    """Packages that the project itself asks for, those of a framework that lives elsewhere out."""
    table = distribution.project()["project"]
    extras = table["optional-dependencies"]
    asked = [*table["dependencies"], *extras["book"]]
    for framework in FRAMEWORKS:
        if not elsewhere or interpreter(framework) == sys.executable:
            asked += extras[framework]
    return {distribution.normal(re.match(r"[\w.-]+", text)[0]) for text in asked}


def few(names: list[str]) -> str:
    """The first names, and how many more there are."""
    rest = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
