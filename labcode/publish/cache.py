"""Executed notebooks, one file each, found by a digest of all that their outputs depend on.

Prose, titles and display tags are not in the key, and neither is the publishing code; the source
of labcode, the requirements, the data, the profile and the class of device are; the recorded runs
are for a notebook that reads them.
The same key needs no execution on any machine, so sharing between workers is copying files.
"""

import hashlib
import json
import os
import sys
import zipfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from labcode import agreement, downloads
from labcode.agreement import Record
from labcode.files import atomic_write, digest_of_files

FORMAT = 2
"""Raise it when entries of before must not be used any more."""

EXPERIMENTS = "labcode.experiments"
"""The room that reads recorded runs."""

PACKAGE = Path(agreement.__file__).resolve().parent

UNSEEN = "doctor"
"""The room that looks at machines, which no chapter imports."""


@dataclass(frozen=True)
class Entry:
    """What is kept of a notebook that ran to its end.

    ``records`` is what ``agreement.record`` kept, by name; ``files`` what ``downloads.offer`` kept,
    as ``<sha256[:12]>/<name>`` -> bytes; ``meta`` is JSON-able and holds the entry's ``key``.
    """

    notebook: NotebookNode
    records: Mapping[str, Record]
    meta: dict
    files: Mapping[str, bytes] = field(default_factory=dict)


def folder(root: Path) -> Path:
    """Where entries are kept: LABCODE_EXECUTED, else ``_build/executed`` below the project root."""
    named = os.environ.get("LABCODE_EXECUTED")
    return Path(named).expanduser().resolve() if named else Path(root) / "_build" / "executed"


def package_digest(package: Path = PACKAGE, without: tuple[str, ...] = ("publish",)) -> str:
    """Digest of what a kernel can import of labcode, package data too, ``publish`` left out."""
    files = []
    unseen = (*without, UNSEEN)
    for path in package.rglob("*"):
        parts = path.relative_to(package).parts
        hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
        if parts[0] not in unseen and not hidden and path.suffix != ".pyc" and path.is_file():
            files.append(path)
    return digest_of_files(files, package)


def reads_results(notebook: NotebookNode) -> bool:
    """Whether ``notebook`` may read recorded runs: its code names the room that reads them.

    Only such notebooks depend on the runs and on that room, so a new run or a new figure of them
    re-executes few chapters. ``execute`` refuses to keep a notebook that reads them all the same.
    """
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    return EXPERIMENTS in code or "LABCODE_RESULTS" in code


def requirements_digest(root: Path) -> str:
    """Digest of the locked requirements; of nothing when the project has no such file."""
    path = Path(root) / "requirements.txt"
    return hashlib.sha256(path.read_bytes() if path.is_file() else b"").hexdigest()


def results(root: Path) -> Path:
    """The folder of recorded runs, which any chapter may read."""
    return Path(root) / "book" / "results"


def results_digest(root: Path) -> str:
    """Digest of the recorded runs; of nothing when there are none."""
    found = [p for p in results(root).rglob("*") if p.is_file() and not p.name.startswith(".")]
    return digest_of_files(found, results(root))


def key(
    notebook: NotebookNode,
    framework: str,
    *,
    package: str,
    requirements: str,
    dataset: str,
    results: str,
    profile: str,
    device: str,
    python: str,
) -> str:
    """Hex SHA-256 that names the executed form of a projected ``notebook``.

    Of its cells only the code counts, and of their tags only ``raises-exception``, which lets
    execution go on after an error. ``package``, ``requirements`` and ``results`` are the digests
    of those names, ``python`` the kernel's minor version.
    """
    parts = {
        "format": FORMAT,
        "python": python,
        "cells": cells(notebook),
        "framework": framework,
        "package": package,
        "requirements": requirements,
        "dataset": dataset,
        "results": results,
        "profile": profile,
        "device": device,
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def cells(notebook: NotebookNode) -> list[list]:
    """What counts of a notebook: each code cell's source, and whether it may raise."""
    return [
        [cell.source, "raises-exception" in cell.metadata.get("tags", [])]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


def store(where: Path, key: str, kept: Entry) -> Path:
    """Write the entry for ``key`` into the folder ``where``, whole or not at all."""
    members = {
        "notebook.ipynb": nbformat.writes(kept.notebook).encode(),
        "meta.json": json.dumps(kept.meta, indent=1, sort_keys=True).encode(),
        "files.json": json.dumps(sorted(kept.files)).encode(),
    }
    for i, record in enumerate(kept.records.values()):
        members[f"records/{i:04d}.npz"] = agreement.dump(record)
    for name, data in kept.files.items():
        members[f"files/{name}"] = data
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    path = entry(where, key)
    atomic_write(path, buffer.getvalue())
    return path


def load(where: Path, key: str) -> Entry | None:
    """The entry for ``key``; None when there is none to be used.

    A damaged entry is reported on stderr and removed: it will be made anew.
    """
    path = entry(where, key)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return _read(data, key)
    # Damage can surface in any layer: zip, zlib, JSON, nbformat, NumPy.
    except Exception as error:  # noqa: BLE001
        print(
            f"labcode: {path} is damaged ({type(error).__name__}: {error}); "
            "removed, its notebook runs again",
            file=sys.stderr,
        )
        path.unlink(missing_ok=True)
        return None


def device_classes(where: Path) -> dict[str, int]:
    """How many entries of the folder ``where`` each class of device has; damaged ones are none."""
    found: Counter[str] = Counter()
    for path in sorted(Path(where).glob("*.zip")):
        try:
            with zipfile.ZipFile(path) as archive:
                meta = json.loads(archive.read("meta.json"))
        # As in ``load``, which also removes it.
        except Exception:  # noqa: BLE001
            continue
        if "inputs" in meta:
            found[meta["inputs"]["device"]] += 1
    return dict(found)


def entry(where: Path, key: str) -> Path:
    """The file of the entry for ``key``."""
    return Path(where) / f"{key}.zip"


def _read(data: bytes, key: str) -> Entry:
    with zipfile.ZipFile(BytesIO(data)) as archive:
        # Reading a member to its end checks its CRC.
        members = {name: archive.read(name) for name in archive.namelist()}
    meta = json.loads(members.pop("meta.json"))
    if meta["key"] != key:
        raise ValueError(f"it holds the notebook of another key, {meta['key']}")
    notebook = nbformat.reads(members.pop("notebook.ipynb").decode(), as_version=4)
    files = {name: members.pop(f"files/{name}") for name in json.loads(members.pop("files.json"))}
    if wrong := [n for n, kept in files.items() if n.split("/")[0] != downloads.digest(kept)]:
        raise ValueError(f"the file {wrong[0]} has another content")
    records = [agreement.load(members[name]) for name in sorted(members)]
    return Entry(notebook, {record.name: record for record in records}, meta, files)
