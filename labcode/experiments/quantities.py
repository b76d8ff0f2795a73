"""Named numbers, each computed from recorded runs: what the book's prose may state as measured.

    @quantity("ladder.first-gap")
    def first_gap(results):
        runs = results.study("ladder")
        ...
        return gap

The modules in ``labcode/experiments/numbers`` register theirs; all are imported on first use.
"""

import difflib
import functools
import importlib
import math
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from labcode.errors import LabcodeError
from labcode.experiments import numbers
from labcode.experiments.results import Result, load_study
from labcode.experiments.results import folder as default_folder

NAME = re.compile(r"[a-z0-9]+(?:[.-][a-z0-9]+)*")
HOME = "labcode/experiments/numbers"


class QuantityError(LabcodeError):
    """A quantity is unknown, cannot be computed, or is not what the prose says of it."""


class Results:
    """The recorded runs of a folder, read study by study as a quantity asks for them.

    ``folder`` is that of all results; None for the one that ``results.folder()`` finds.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder
        self._studies: dict[str, list[Result]] = {}

    def study(self, name: str, failed: bool = False) -> list[Result]:
        """The recorded runs of one study; with ``failed``, those that did not end well, too.

        ExperimentError when the study has none at all.
        """
        if name not in self._studies:
            folder = self.folder or default_folder()
            self._studies[name] = _load_study(name, folder, _state_of(folder / name))
        return [each for each in self._studies[name] if failed or each.status == "ok"]

    @property
    def files(self) -> int:
        """How many result files the studies have that were asked for."""
        return sum(map(len, self._studies.values()))


Formula = Callable[[Results], float]
_formulas: dict[str, Formula] = {}


@dataclass(frozen=True)
class Measurement:
    """The ``value`` of a quantity, and the number of result ``files`` in the studies it read."""

    value: float
    files: int


def quantity(name: str) -> Callable[[Formula], Formula]:
    """Register the decorated function, ``f(results) -> float``, as the quantity ``name``.

    Raises QuantityError for a name that is taken, or not of lower-case letters, digits, dots and
    hyphens.
    """

    def register(formula: Formula) -> Formula:
        if not NAME.fullmatch(name):
            raise QuantityError(
                f"{name!r} cannot be the name of a quantity; write it as in ladder.first-gap"
            )
        other = _formulas.get(name)
        if other and _origin(other) != _origin(formula):  # a module may be reloaded
            raise QuantityError(f"the quantity {name} is defined twice: also in {other.__module__}")
        _formulas[name] = formula
        return formula

    return register


def names() -> list[str]:
    """The names of all quantities, sorted."""
    _import_numbers()
    return sorted(_formulas)


def value(name: str, folder: Path | None = None) -> float:
    """The quantity ``name``, from the results in ``folder``; for errors see ``measure``."""
    return measure(name, folder).value


def measure(name: str, folder: Path | None = None) -> Measurement:
    """The quantity ``name`` with what it rests on.

    Raises QuantityError for an unknown name, for missing runs, and for a formula that fails, reads
    no recorded run, or gives no finite number.
    """
    known = names()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=3)
        hint = f"did you mean {', '.join(near)}?" if near else f"define it in {HOME}"
        raise QuantityError(f"there is no quantity {name}; {hint}")
    results = Results(folder)
    try:
        found = float(_formulas[name](results))
    except LabcodeError as error:
        raise QuantityError(f"{name}: {error}") from error
    except Exception as error:
        raise QuantityError(
            f"{name} cannot be computed from the recorded runs: {type(error).__name__}: {error}"
        ) from error
    if not results.files:
        raise QuantityError(f"{name} rests on no recorded run; compute it from results.study(...)")
    if not math.isfinite(found):
        raise QuantityError(f"{name} is {found}, which is no number that prose can state")
    return Measurement(found, results.files)


# A page states dozens of numbers, and most of a study's time is reading and checking its files.
@functools.lru_cache(maxsize=16)
def _load_study(name: str, folder: Path, state: tuple) -> list[Result]:
    """The runs of a study whose files are in ``state``; all who ask share them: read them only."""
    return load_study(name, folder, failed=True)


def _state_of(study: Path) -> tuple:
    """Name, time of change and size of each result file, equal only while none has changed."""
    files = ((path.name, path.stat()) for path in sorted(study.glob("*.json")))
    return tuple((name, stat.st_ino, stat.st_mtime_ns, stat.st_size) for name, stat in files)


def _origin(formula: Formula) -> tuple[str, str]:
    return formula.__module__, formula.__qualname__


@functools.cache
def _import_numbers() -> None:
    for module in pkgutil.iter_modules(numbers.__path__, f"{numbers.__name__}."):
        importlib.import_module(module.name)
