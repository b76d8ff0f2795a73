"""One zip of a turn-in folder, with a manifest by which the receiver sees that it is whole."""

import hashlib
import io
import json
import zipfile
import zlib
from pathlib import Path

from labcode import __version__
from labcode.errors import TurnInError
from labcode.files import atomic_write
from labcode.turnin.folder import check, files_of

MANIFEST = "turn-in.json"
_DAMAGE = (OSError, zipfile.BadZipFile, zlib.error, KeyError, IndexError, TypeError, ValueError)
# Equal files make equal zips: no time of day enters.
_TIME = (1980, 1, 1, 0, 0, 0)


def pack(folder: str | Path, output: str | Path | None = None) -> Path:
    """Write ``folder`` as a zip to ``output`` (default: its name with ``.zip``, beside it).

    The manifest inside names each file with its bytes and sha256. Raises TurnInError, and writes
    nothing, when the check finds a problem or ``output`` would lie inside the folder.
    """
    folder = Path(folder).resolve()
    output = Path(output) if output is not None else folder.with_name(f"{folder.name}.zip")
    if output.resolve().is_relative_to(folder):
        raise TurnInError(f"{output} lies in the folder that it packs; choose another place")
    problems = check(folder)
    if problems:
        raise TurnInError(f"{folder} is not ready:\n" + "\n".join(f"  - {p}" for p in problems))
    entries = []
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files_of(folder):
            name, data = path.relative_to(folder).as_posix(), path.read_bytes()
            if name == MANIFEST:  # An old one, from a zip that was unpacked.
                continue
            entries.append(
                {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            )
            _add(archive, f"{folder.name}/{name}", data)
        manifest = {"labcode": __version__, "files": entries}
        text = json.dumps(manifest, indent=2) + "\n"
        _add(archive, f"{folder.name}/{MANIFEST}", text.encode())
    atomic_write(output, buffer.getvalue())
    return output


def verify_zip(path: str | Path) -> list[str]:
    """What of the zip ``path`` differs from its own manifest; [] when it is whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
        entries = json.loads(found.pop(MANIFEST))["files"]
        wanted = {entry["name"]: entry["sha256"] for entry in entries}
    except _DAMAGE as error:
        return [f"{path} is not a whole turn-in ({error})"]
    there = {name: hashlib.sha256(data).hexdigest() for name, data in found.items()}
    problems = [
        f"{name}: is missing or changed" for name, sha in wanted.items() if there.get(name) != sha
    ]
    return problems + [f"{name}: is not in the manifest" for name in there if name not in wanted]


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, _TIME)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)
