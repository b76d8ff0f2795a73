"""Both tabs of a chapter record the same values under the same names; the build compares them.

A chapter says ``agreement.record("validation logits", logits, atol=1e-4)`` in each framework's
cells. While the book is built, LABCODE_RECORDS names the folder that keeps the values; anywhere
else ``record`` only checks its arguments, so the same cell runs in a student's notebook.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np

from labcode.errors import AgreementError
from labcode.files import atomic_write


@dataclass(frozen=True)
class Record:
    """One recorded value: an array of numbers, and how far the other framework's may be away."""

    name: str
    values: np.ndarray
    atol: float
    argmax: bool = False


@dataclass(frozen=True)
class Comparison:
    """What the comparison of one name found.

    ``difference`` is the largest absolute one, NaN when there was nothing to compare. With
    ``argmax``, ``argmax_equal`` of ``rows`` rows have the same argmax; else both are None.
    ``message`` is a sentence for the page and for the error.
    """

    name: str
    shape: tuple[int, ...]
    difference: float
    atol: float
    argmax_equal: int | None
    rows: int | None
    ok: bool
    message: str


def record(name: str, values: object, atol: float, *, argmax: bool = False) -> None:
    """Keep ``values`` (a number, or an array of any shape) for comparison with the other framework.

    The build fails unless max|a - b| <= ``atol``; 0 asks for equality. ``argmax=True`` asks
    besides that the argmax over the last axis be equal in each row, but for ties: rows whose two
    best values lie within ``atol``. Raises AgreementError for what cannot be compared.
    """
    if not isinstance(name, str) or not name.strip():
        raise AgreementError(f"a record needs a name to be found by; got {name!r}")
    if not 0 <= atol < float("inf"):
        raise AgreementError(f"record {name!r}: atol must be 0 or a positive number; got {atol!r}")
    array = _numbers(name, values)
    if argmax and (array.ndim == 0 or array.shape[-1] < 2):
        raise AgreementError(
            f"record {name!r}: argmax needs two or more values on the last axis; "
            f"the shape is {array.shape}"
        )
    folder = os.environ.get("LABCODE_RECORDS")
    if folder:
        path = Path(folder) / file_name(name)
        if path.exists():
            raise AgreementError(
                f"record {name!r}: this name is taken by an earlier record of the same notebook; "
                "give each its own"
            )
        atomic_write(path, dump(Record(name, array, float(atol), bool(argmax))))


def compare(
    a: Mapping[str, Record], b: Mapping[str, Record], labels: tuple[str, str] = ("a", "b")
) -> list[Comparison]:
    """Compare two notebooks' records, in the order of ``a`` and then of what only ``b`` has.

    A name that only one of them recorded, or a shape that differs, counts as disagreement.
    ``labels`` are what the messages call the two.
    """
    return [_compare(name, a.get(name), b.get(name), labels) for name in dict.fromkeys([*a, *b])]


def file_name(name: str) -> str:
    """Where ``record`` keeps ``name`` inside its folder; any name makes a safe file name."""
    return hashlib.sha256(name.encode()).hexdigest()[:24] + ".npz"


def dump(record: Record) -> bytes:
    """The record as the bytes of an ``.npz`` file: the values, and the rest as JSON."""
    about = {"name": record.name, "atol": record.atol, "argmax": record.argmax}
    buffer = BytesIO()
    np.savez(buffer, values=record.values, about=np.array(json.dumps(about)))
    return buffer.getvalue()


def load(data: bytes) -> Record:
    """The record that ``dump`` wrote; nothing pickled is ever read."""
    with np.load(BytesIO(data), allow_pickle=False) as stored:
        about = json.loads(str(stored["about"]))
        return Record(about["name"], stored["values"], about["atol"], about["argmax"])


def _numbers(name: str, values: object) -> np.ndarray:
    """``values`` as a finite array of bool, integers or floats; a copy that nobody else changes."""
    if hasattr(values, "detach"):  # a torch tensor: NumPy reads it only off the graph, in memory
        values = values.detach().cpu()
    try:
        array = np.array(values)
    except (TypeError, ValueError, RuntimeError) as error:
        raise AgreementError(
            f"record {name!r}: NumPy cannot read the values ({error}); convert them to a NumPy "
            "array of numbers first"
        ) from error
    if array.dtype.name == "bfloat16":
        array = array.astype(np.float32)
    if array.dtype.kind not in "buif":
        raise AgreementError(
            f"record {name!r}: only numbers can be compared; the type is {array.dtype}"
        )
    if array.size == 0:
        raise AgreementError(f"record {name!r}: there are no values; the shape is {array.shape}")
    bad = ~np.isfinite(array)
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise AgreementError(
            f"record {name!r}: {int(bad.sum())} of {array.size} values are not finite, "
            f"the first at {list(where)} ({array[where]})"
        )
    return array


def _compare(name: str, a: Record | None, b: Record | None, labels: tuple[str, str]) -> Comparison:
    if a is None or b is None:
        there, label = (a, labels[0]) if a else (b, labels[1])
        return _failed(name, there, f"{name}: recorded in {label} only")
    if a.values.shape != b.values.shape:
        shapes = f"{a.values.shape} in {labels[0]} and {b.values.shape} in {labels[1]}"
        return _failed(name, a, f"{name}: the shape is {shapes}")
    atol = min(a.atol, b.atol)
    distance = _distance(a.values, b.values)
    position = tuple(int(i) for i in np.unravel_index(distance.argmax(), distance.shape))
    largest = float(distance[position])
    ok = largest <= atol
    place = f" at {list(position)}" if position else ""
    message = f"{name}: largest difference {largest:.3g}{place}, tolerance {atol:.3g}"
    equal = rows = None
    if a.argmax or b.argmax:
        same = a.values.argmax(-1) == b.values.argmax(-1)
        excused = _ties(a.values, atol) | _ties(b.values, atol)
        equal, rows = int(same.sum()), int(same.size)
        ok = ok and bool((same | excused).all())
        message += f"; same argmax in {equal:,} of {rows:,} rows"
        wrong = np.argwhere(~(same | excused))
        if len(wrong):
            message += f", and row {[int(i) for i in wrong[0]]} is no tie"
        elif equal < rows:
            message += ", the others ties"
    return Comparison(name, a.values.shape, largest, atol, equal, rows, ok, message)


def _failed(name: str, record: Record, message: str) -> Comparison:
    return Comparison(
        name, record.values.shape, float("nan"), record.atol, None, None, False, message
    )


def _distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """|a - b|; integers are compared as integers, which float64 would round past 2**53."""
    if a.dtype.kind in "bui" and b.dtype.kind in "bui":
        return np.where(a > b, a, b).astype(np.uint64) - np.where(a > b, b, a).astype(np.uint64)
    return np.abs(a.astype(np.float64) - b.astype(np.float64))


def _ties(values: np.ndarray, atol: float) -> np.ndarray:
    """Rows whose two best values lie within ``atol`` of each other."""
    best = np.sort(values.astype(np.float64), axis=-1)
    return best[..., -1] - best[..., -2] <= atol
