"""Read the table of equivalents from its page, evaluate what is printed, and judge each row.

A row's last column begins with **same**, **layout** or **default**; behind an arrow stands the
expression that makes the two alike. Each framework's expressions are evaluated in a process of its
own, after the page's own code cells, and come back as NumPy values. As a script, this file is that
process: it reads the cells and expressions as JSON and writes the values as a pickle.
"""

import json
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

KINDS = ("same", "layout", "default")
LABELS = {"tensorflow": "TensorFlow", "pytorch": "PyTorch"}
ARROW = re.compile(r"→ (TensorFlow|PyTorch): `([^`]+)`")


@dataclass(frozen=True)
class Row:
    """One row: the expression of each framework by its key, and those behind arrows likewise."""

    what: str
    printed: dict[str, str]
    kind: str
    alike: dict[str, str]

    def expressions(self, framework: str) -> list[str]:
        """What has to be evaluated in ``framework``: as printed first, then as mended."""
        both = (self.printed, self.alike)
        return [part[framework] for part in both if framework in part]


@dataclass(frozen=True)
class Check:
    """What the test knows of a row: its kind, how to look at its values, and how exactly."""

    kind: str
    look: Callable[[object], object] = lambda value: value
    atol: float = 2e-6


@dataclass(frozen=True)
class Raised:
    """An expression that could not be evaluated, and why."""

    error: str


def read_rows(text: str) -> list[Row]:
    """The rows of every four-column table in ``text``; ValueError for a row that is malformed."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if not line.startswith("| ") or cells[:2] == ["what", "TensorFlow"]:
            continue
        printed = [re.fullmatch(r"`([^`]+)`", cell) for cell in cells[1:3]]
        kind = re.match(r"\*\*(\w+)\*\*", cells[-1])
        if len(cells) != 4 or not all(printed) or kind is None or kind[1] not in KINDS:
            raise ValueError(f"not a row of equivalents: {line}")
        expressions = dict(zip(LABELS, (match[1] for match in printed), strict=True))
        arrows = {label: code for label, code in ARROW.findall(cells[3])}
        alike = {key: arrows[label] for key, label in LABELS.items() if label in arrows}
        rows.append(Row(cells[0], expressions, kind[1], alike))
    return rows


def evaluate(
    cells: Iterable[str], expressions: Iterable[str], folder: Path, root: Path
) -> dict[str, object]:
    """Expression -> its value (or ``Raised``) after ``cells``, in a new process without a GPU."""
    job = json.dumps({"cells": list(cells), "expressions": list(dict.fromkeys(expressions))})
    environment = os.environ | {
        "PYTHONPATH": str(root),
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
    }
    done = subprocess.run(
        [sys.executable, __file__, "values.pickle"],
        cwd=folder,
        env=environment,
        input=job,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found = pickle.loads((folder / "values.pickle").read_bytes())
    return {e: Raised(v["error"]) if isinstance(v, dict) else v for e, v in found.items()}


def faults(
    rows: Iterable[Row], checks: Mapping[str, Check], values: Mapping[str, Mapping[str, object]]
) -> list[str]:
    """A sentence for everything that is wrong with the table; ``values`` by framework."""
    rows = list(rows)
    names = [row.what for row in rows]
    found = [f"{name}: there is no such row" for name in checks if name not in names]
    found += [f"{name}: more than one row" for name in set(names) if names.count(name) > 1]
    for row in rows:
        if row.what not in checks:
            found.append(f"{row.what}: a row without a check")
        else:
            found += [f"{row.what}: {fault}" for fault in _faults(row, checks[row.what], values)]
    return found


def _faults(row: Row, check: Check, values: Mapping[str, Mapping[str, object]]) -> list[str]:
    if row.kind != check.kind:
        return [f"the page says {row.kind!r}, the test {check.kind!r}"]
    printed = {key: values[key][row.printed[key]] for key in LABELS}
    mended = printed | {key: values[key][code] for key, code in row.alike.items()}
    evaluated = (*printed.values(), *mended.values())
    raised = list(dict.fromkeys(v.error for v in evaluated if isinstance(v, Raised)))
    if raised:
        return raised
    differ = difference(*(check.look(printed[key]) for key in LABELS), check.atol)
    if row.kind == "same":
        return [differ] if differ else []
    if not differ:
        return [f"the page says {row.kind!r}, but as printed they are the same"]
    if not row.alike:
        return ["they differ, and nothing says how to make them alike"]
    still = difference(*(check.look(mended[key]) for key in LABELS), check.atol)
    return [f"what stands behind the arrow does not mend it: {still}"] if still else []


def difference(a: object, b: object, atol: float) -> str | None:
    """How two values differ in type, shape or numbers; None when they do not."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray) and a.dtype != b.dtype:
        return f"the types are {a.dtype} and {b.dtype}"
    if isinstance(a, str) or isinstance(b, str):
        return None if a == b else f"{a!r} and {b!r}"
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return f"the shapes are {a.shape} and {b.shape}"
    largest = float(np.abs(a.astype(float) - b.astype(float)).max())
    within = np.allclose(a.astype(float), b.astype(float), rtol=1e-5, atol=atol)
    return None if within else f"the largest difference is {largest:.3g}"


def _as_numpy(value: object) -> object:
    """A framework's value as a NumPy array; Python's own numbers, strings and lists stay."""
    if hasattr(value, "detach"):
        value = value.detach()
    return value.numpy() if hasattr(value, "numpy") else value


def _main() -> None:
    job = json.load(sys.stdin)
    names: dict[str, object] = {}
    for cell in job["cells"]:
        exec(compile(cell, "the page", "exec"), names)
    values: dict[str, object] = {}
    for expression in job["expressions"]:
        try:
            values[expression] = _as_numpy(eval(expression, names))
        except Exception as error:  # whatever a printed expression raises is a fault of its row
            values[expression] = {"error": f"`{expression}` raised {error!r}"}
    Path(sys.argv[1]).write_bytes(pickle.dumps(values))


if __name__ == "__main__":
    _main()
