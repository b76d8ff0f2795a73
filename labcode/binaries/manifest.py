"""A manifest against the folder that it describes, and what lies there without belonging."""

import hashlib
import json
from pathlib import Path, PurePath

from labcode.binaries.faults import Fault
from labcode.binaries.layout import FILES, MANIFEST, METADATA

CLUTTER = {".DS_Store", ".ipynb_checkpoints", "Thumbs.db", "desktop.ini"}
"""What file managers and Jupyter leave in any folder."""

_ANEW = (
    "if the files are right, write the manifest anew (labcode export write); else copy them again"
)


def manifest_faults(folder: Path) -> list[Fault]:
    """What ``manifest.json`` says wrongly or does not say; nothing where there is none."""
    path = folder / MANIFEST
    if not path.is_file():
        return []
    try:
        entries = {str(entry["name"]): entry for entry in json.loads(path.read_text())["files"]}
    except (ValueError, KeyError, TypeError) as error:
        what = f"cannot be read as a manifest ({type(error).__name__}: {error})"
        return [Fault(MANIFEST, what, _ANEW)]
    faults = []
    for file in FILES:
        entry = entries.get(file.name)
        if entry is None:
            faults.append(Fault(MANIFEST, f"does not list {file.name}", _ANEW))
            continue
        for key, right in file.entry(b"").items():
            if key != "bytes" and entry.get(key) != right:
                what = f"says {key} {entry.get(key)} of {file.name}; Lab 2 reads {right}"
                faults.append(Fault(MANIFEST, what, _ANEW))
    for name, entry in entries.items():
        own = folder / name
        if not own.is_file():
            if name == METADATA:
                faults.append(Fault(name, "is missing, though the manifest lists it", _ANEW))
        elif hashlib.sha256(own.read_bytes()).hexdigest() != entry.get("sha256"):
            what = "has changed since the manifest was written (sha256)"
            faults.append(Fault(name, what, _ANEW))
    return faults


def extra_faults(folder: Path) -> list[Fault]:
    """Files that are no part of an export; hidden ones are nobody's business."""
    mend = "rename it if it is one that is missing, else move it away"
    return [
        Fault(name.as_posix(), "is no file that Lab 2 reads", mend)
        for name in foreign(folder)
        if not any(part.startswith(".") for part in name.parts)
    ]


def foreign(folder: Path) -> list[PurePath]:
    """Paths below ``folder`` of files that an export does not have, clutter left out."""
    own = {PurePath(file.name) for file in FILES} | {PurePath(MANIFEST), PurePath(METADATA)}
    found = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if not path.is_dir())
    return [name for name in found if name not in own and not CLUTTER.intersection(name.parts)]
