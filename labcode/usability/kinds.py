"""What a program's expression can be, as far as its source tells, and the names that it shows."""

import ast
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field

NEUTRAL = frozenset(sys.stdlib_module_names) | {"numpy", "labcode"}
"""Packages whose names are no framework's: both frameworks' programs use them alike."""

MODELS = {
    "labcode.pytorch.build_model": "torch.nn.Module",
    "labcode.tensorflow.build_model": "keras.Model",
}
"""The functions of labcode that return a framework's own object, and its class."""

OVERLOOKED = {
    "tensorflow.config.set_visible_devices",  # a small chapter leaves the GPU to the others
    "labcode.torchvision_compat.install",  # mends a mixed pair of builds
    "sys.modules.setdefault",  # keeps one framework out of the other's process
}
"""What chapters call for this book's sake, and nobody need write elsewhere."""

_RENAMED = {"tensorflow.keras": "keras"}


@dataclass(frozen=True)
class Path:
    """A module, class or function, by its full name."""

    name: str


@dataclass(frozen=True)
class Value:
    """Something that came out of a framework; ``made_by`` is its path where that is known."""

    made_by: str | None = None


@dataclass(frozen=True)
class Own:
    """An object of the program's own class: only attributes that the program sets are known."""


Kind = Path | Value | Own | None


@dataclass
class Names:
    """What was found: names, keyword arguments handed to them, packages, statements to leave out.

    The statements are aliases of imports, and calls of what is overlooked.
    """

    used: set[str] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    unneeded: set[ast.stmt] = field(default_factory=set)


def belongs(path: str) -> bool:
    """Whether a path is reached from a package that is counted."""
    return path.partition(".")[0] not in NEUTRAL


def renamed(path: str) -> str:
    """The one name of a path that has two."""
    for old, new in _RENAMED.items():
        if path == old or path.startswith(f"{old}."):
            return new + path.removeprefix(old)
    return path


def element(kind: Kind) -> Kind:
    """What a loop over it, or a part of it, is."""
    return Value() if isinstance(kind, Value) else None


def any_of(kinds: Iterable[Kind]) -> Kind:
    """What is made of several things: a framework's, if one of them is."""
    return Value() if any(isinstance(kind, Value) for kind in kinds) else None
