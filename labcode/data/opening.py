"""Open a data set by name: decode it at the first open, map the arrays ever after."""

import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from labcode.data import places
from labcode.data.arrays import SPLITS, read_manifest, write_arrays
from labcode.data.dataset import Dataset, Split
from labcode.data.layout import SIZE, Problem, read_layout
from labcode.data.progress import Progress
from labcode.errors import DataError


def open_dataset(name: str | None = None) -> Dataset:
    """Open a data set; the arrays are memory-mapped, read-only, and shared between processes.

    Without a name: ``$LABCODE_DATASET``, else ``tiny-imagenet`` when it is installed, else
    ``sample``, which is generated when absent. The first open decodes every image (under a lock:
    several processes decode once) and raises DataError with every damage named; later opens take
    about a millisecond.
    """
    name = name or os.environ.get("LABCODE_DATASET")
    if name is None:
        name = "tiny-imagenet" if places.is_installed("tiny-imagenet") else "sample"
    places.known(name)
    folder, arrays = places.folder_of(name), places.arrays_of(name)
    if not places.is_installed(name):
        _obtain(name)
    manifest = read_manifest(arrays, folder) or _decode(name, folder, arrays)
    return _assemble(name, folder, arrays, manifest)


def damage(name: str, folder: Path, problems: Sequence[Problem]) -> DataError:
    """The error that lists every damage of an installed data set and says what to do."""
    listing = "".join(f"\n  - {problem}" for problem in problems)
    again = "" if places.known(name).generated else " [--from ARCHIVE]"
    return DataError(
        f"{name} in {folder} is damaged:{listing}\nInstall it anew: "
        f"labcode data remove {name}, then labcode data add {name}{again}."
    )


def _obtain(name: str) -> None:
    if not places.known(name).generated:
        raise DataError(
            f"{name} is not installed in {places.root()}. Get it with: labcode data add {name} "
            f"(downloads 248 MB), or from a copy: labcode data add {name} --from "
            "ARCHIVE_OR_FOLDER. LABCODE_DATA names another folder."
        )
    from labcode.data.sample import install_sample

    print(f"labcode: generating the data set {name} in {places.root()}", file=sys.stderr)
    install_sample(name)


def _decode(name: str, folder: Path, arrays: Path) -> dict:
    with places.locked(name, arrays.parent):
        # Another process may have decoded while this one waited for the lock.
        if manifest := read_manifest(arrays, folder):
            return manifest
        _clear(arrays)
        layout = read_layout(folder)
        if not layout.problems:
            with Progress(f"decoding {name}", "images") as progress:
                write_arrays(layout, arrays, progress)
        if layout.problems:
            raise damage(name, folder, layout.problems)
    manifest = read_manifest(arrays, folder)
    if manifest is None:
        raise DataError(f"{folder} changed while it was decoded; run the same command again.")
    return manifest


def _clear(arrays: Path) -> None:
    """Remove outdated arrays, and the leftovers of a killed decoding (the lock is held)."""
    try:
        for leftover in arrays.parent.glob(f".{arrays.name}.*"):
            if leftover.is_dir():
                shutil.rmtree(leftover)
        if arrays.exists():
            shutil.rmtree(arrays)
    except OSError as error:
        raise places.unwritable(error, arrays.parent) from error


def _assemble(name: str, folder: Path, arrays: Path, manifest: dict) -> Dataset:
    known = places.known(name)
    wnids, class_names = tuple(manifest["wnids"]), tuple(manifest["class_names"])
    classes = tuple(zip(wnids, class_names, strict=True))
    counts = manifest["counts"]
    splits = {}
    for split in SPLITS:
        count = counts[split]
        images = map_array(arrays / f"{split}_images.npy", (count, SIZE, SIZE, 3), np.uint8)
        labels = map_array(arrays / f"{split}_labels.npy", (count,), np.int64)

        def read_files(path: Path = arrays / f"{split}_files.txt") -> list[str]:
            return path.read_text("utf-8").splitlines()

        splits[split] = Split(split, images, labels, folder, read_files, classes)
    expected = {
        "train": known.classes * known.train_per_class,
        "val": known.classes * known.val_per_class,
    }
    return Dataset(
        name=name,
        title=known.title,
        digest=manifest["digest"],
        wnids=wnids,
        class_names=class_names,
        train=splits["train"],
        val=splits["val"],
        folder=folder,
        generated=known.generated,
        partial=any(counts[split] < expected[split] for split in SPLITS),
        expected=expected,
        grey={split: tuple(manifest["grey"][split]) for split in SPLITS},
        duplicates=tuple((tuple(a), tuple(b)) for a, b in manifest["duplicates"]),
    )


def map_array(path: Path, shape: tuple[int, ...], dtype: type) -> np.ndarray:
    """Map a ``.npy`` file read-only; DataError when it is not the array of the manifest."""
    try:
        array = np.load(path, mmap_mode="r")
        if array.shape == shape and array.dtype == dtype:
            return array
        found = f"{array.dtype} {array.shape}"
    except (OSError, ValueError, EOFError) as error:
        found = str(error)
    raise DataError(
        f"the decoded array {path} is damaged ({found}; expected {np.dtype(dtype)} {shape}). "
        f"Delete the folder {path.parent}; the next open decodes the images again."
    )
