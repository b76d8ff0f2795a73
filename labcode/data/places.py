"""Where data sets and their arrays live, and which data sets labcode knows."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labcode.errors import DataError
from labcode.files import ADVICE


@dataclass(frozen=True)
class Known:
    """What a complete copy of a data set holds."""

    title: str
    generated: bool
    classes: int
    train_per_class: int
    val_per_class: int


KNOWN = {
    "tiny-imagenet": Known("Tiny ImageNet", False, 200, 500, 50),
    "sample": Known("Generated sample", True, 200, 40, 10),
}


def known(name: str) -> Known:
    """The entry of ``KNOWN``; DataError with the known names otherwise."""
    if name not in KNOWN:
        raise DataError(f"no data set is called {name!r}; known are: {', '.join(KNOWN)}.")
    return KNOWN[name]


def root() -> Path:
    """The folder of installed data: ``$LABCODE_DATA``, else ``labcode`` in the user's data home."""
    if chosen := os.environ.get("LABCODE_DATA"):
        return Path(chosen).expanduser().absolute()
    home = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(home).expanduser() / "labcode"


def folder_of(name: str) -> Path:
    """The image files of a data set, in the layout of Tiny ImageNet."""
    return root() / name


def arrays_root() -> Path:
    """``$LABCODE_ARRAYS`` where set (for data on a read-only share), else beside the data."""
    chosen = os.environ.get("LABCODE_ARRAYS")
    return Path(chosen).expanduser().absolute() if chosen else root()


def arrays_of(name: str) -> Path:
    """The decoded arrays of a data set."""
    return arrays_root() / f"{name}.arrays"


def is_installed(name: str) -> bool:
    """Whether the image files are there, damaged or not."""
    return folder_of(name).is_dir()


@contextmanager
def locked(name: str, place: Path) -> Iterator[None]:
    """Hold the lock of data set ``name`` in the folder ``place``: one process works, others wait.

    The operating system drops the lock when its holder dies, so a killed process blocks nobody.
    """
    # Imported here because an ordinary open takes no lock and should not pay for the import.
    from filelock import FileLock, Timeout

    lock = FileLock(place / f".{name}.lock")
    try:
        place.mkdir(parents=True, exist_ok=True)
        try:
            lock.acquire(timeout=1)
        except Timeout:
            print(f"labcode: waiting for another process that prepares {name}", file=sys.stderr)
            lock.acquire()
    except OSError as error:
        raise unwritable(error, place) from error
    try:
        yield
    finally:
        lock.release()


def unwritable(error: OSError, place: Path) -> DataError:
    """The error of a folder that cannot be written, with the two ways out."""
    what = ADVICE.get(error.errno, error.strerror or str(error))
    return DataError(
        f"cannot write in {place}: {what}. Nothing was changed. Set LABCODE_DATA to another "
        "folder for the data, or LABCODE_ARRAYS for the decoded arrays alone (1.4 GB for all of "
        "Tiny ImageNet; the images may then stay on a read-only share)."
    )
