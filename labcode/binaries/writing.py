"""Writing an export: images alone (``export_images``), or all that Lab 2 reads (``export_lab``)."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from labcode import __version__
from labcode.batches import check_images
from labcode.binaries.layout import (
    FILES,
    IMAGES,
    MANIFEST,
    METADATA,
    encode,
    image_file,
    map_file,
    weights_file,
)
from labcode.binaries.manifest import foreign
from labcode.data import Split
from labcode.errors import DataError
from labcode.files import atomic_folder, atomic_write
from labcode.toycnn import LAYERS
from labcode.weights import check


def export_images(folder: str | Path, split: Split, indices: Sequence[int]) -> list[dict]:
    """Write images ``indices`` of ``split`` for Lab 2, with ``metadata.json``; return its entries.

    Image number ``i`` of the export is ``image_{i}.bin``, uint8 / 255. Each entry holds the file's
    name, dtype, shape, layout, byte order, sha256 and what ``split.metadata`` tells of the source.
    DataError, before anything is written, for an image that is not there or does not fit.
    """
    folder = Path(folder)
    entries = []
    for number, (index, pixels) in enumerate(zip(indices, chosen(split, indices), strict=True)):
        data = encode(pixels.astype(np.float32) / np.float32(255))
        file = image_file(number)
        atomic_write(folder / file.name, data)
        source = {"split": split.name, "index": int(index), "source": split.metadata(index)}
        entries.append(file.entry(data) | {"sha256": _sha256(data)} | source)
    atomic_write(folder / METADATA, json.dumps(entries, indent=2) + "\n")
    return entries


def chosen(split: Split, indices: Sequence[int]) -> np.ndarray:
    """Images ``indices`` of ``split``, uint8 (N, 64, 64, 3); DataError where there are none."""
    count = len(split.images)
    far = [int(index) for index in indices if not 0 <= index < count]
    if far:
        raise DataError(f"the split {split.name!r} has images 0 to {count - 1:,}, and no {far}")
    images = split.images[list(indices)]
    check_images(images)
    return images


def export_lab(
    folder: str | Path,
    weights: Mapping[str, np.ndarray],
    split: Split,
    indices: Sequence[int],
    maps: Mapping[str, np.ndarray],
    about: Mapping[str, object] | None = None,
) -> list[dict]:
    """Write three images, all their maps and all weights for Lab 2; return the manifest's entries.

    ``weights`` is a canonical set, ``indices`` choose the images of ``split``, and ``maps`` are
    what ``activations(model, split.images[indices])`` of either framework gives: layer name ->
    float32 (3, *output_shape). ``about`` is kept in the manifest, for instance which framework
    made the maps.

    ``folder`` comes to be whole or not at all. An older export there is replaced; a folder that
    holds anything else is left alone: DataError names it. DataError also for images or maps that
    do not fit, WeightsError for weights.
    """
    folder = Path(folder).resolve()
    arrays = _arrays(check(weights), split, indices, maps)
    _refuse_foreign(folder)
    aside = None
    try:
        with atomic_folder(folder) as temporary:
            export_images(temporary, split, indices)
            entries = _write(temporary, arrays, dict(about or {}))
            aside = _set_aside(folder)
    except BaseException:
        if aside is not None and not folder.exists():
            os.rename(aside / folder.name, folder)
        raise
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)
    return entries


def _arrays(
    weights: Mapping[str, np.ndarray],
    split: Split,
    indices: Sequence[int],
    maps: Mapping[str, np.ndarray],
) -> dict[str, np.ndarray]:
    """File name -> array, for all maps and weights; DataError names each that does not fit."""
    if len(indices) != IMAGES:
        raise DataError(f"Lab 2 reads {IMAGES} images, not {len(indices)}; choose {IMAGES} indices")
    chosen(split, indices)
    faults = []
    for layer in LAYERS:
        values, shape = maps.get(layer.name), (IMAGES, *layer.output_shape)
        if values is None:
            faults.append(f"{layer.name} is missing")
        elif tuple(values.shape) != shape:
            faults.append(f"{layer.name} has shape {tuple(values.shape)} instead of {shape}")
        elif not np.isfinite(values).all():
            faults.append(f"{layer.name} holds values that are not finite")
    if faults:
        raise DataError(
            "these maps cannot be exported: " + "; ".join(faults) + ". "
            "Take them with activations(model, images) of your framework's room."
        )
    numbers = range(IMAGES)
    found = {
        map_file(number, layer).name: maps[layer.name][number]
        for number in numbers
        for layer in LAYERS
    }
    return found | {weights_file(name).name: array for name, array in weights.items()}


def _write(folder: Path, arrays: Mapping[str, np.ndarray], about: dict) -> list[dict]:
    """Write ``arrays`` beside the images that lie there, then the manifest over all of them."""
    for name, array in arrays.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(encode(array))
    entries = []
    for file in FILES:
        data = (folder / file.name).read_bytes()
        entries.append(file.entry(data) | {"sha256": _sha256(data)})
    data = (folder / METADATA).read_bytes()
    entries.append({"name": METADATA, "dtype": "json", "bytes": len(data), "sha256": _sha256(data)})
    manifest = {"labcode": __version__, "about": about, "files": entries}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
    return entries


def _refuse_foreign(folder: Path) -> None:
    """DataError unless ``folder`` is absent, or holds nothing but files that an export has."""
    if folder == Path.cwd() or folder in Path.cwd().parents:
        raise DataError(
            f"{folder} is the folder that you work in; an export replaces its whole folder, "
            "so name one below it, for instance lab2"
        )
    if not folder.exists():
        return
    if not folder.is_dir():
        raise DataError(f"{folder} is a file; name a folder for the export")
    if names := foreign(folder):
        raise DataError(
            f"{folder} holds {names[0].as_posix()}, which is no file of an export; nothing was "
            "changed. Name another folder, or move that file away."
        )


def _set_aside(folder: Path) -> Path | None:
    """Move an older export into a temporary folder beside it; None when there is none."""
    if not folder.exists():
        return None
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.old."))
    os.rename(folder, aside / folder.name)
    return aside


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
