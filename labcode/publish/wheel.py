"""labcode as a wheel, written from the source tree: the same bytes from the same source.

A build backend would have to be installed, in the version that made the bytes before, and needs
a network when it is not; for pure Python a wheel is an archive of the files and three small texts
(https://packaging.python.org/en/latest/specifications/binary-distribution-format/).
"""

import base64
import hashlib
from pathlib import Path

import labcode
from labcode.publish import distribution
from labcode.publish.archives import zipped


def build() -> tuple[str, bytes]:
    """File name and bytes of the wheel. Raises LabcodeError outside of the source tree."""
    table = distribution.project()
    stem = f"{table['project']['name']}-{labcode.__version__}"
    members = package_files(table)
    info = f"{stem}.dist-info"
    members |= {
        f"{info}/licenses/{name}": (distribution.SOURCE / name).read_bytes()
        for name in table["project"]["license-files"]
    }
    members[f"{info}/METADATA"] = metadata(table["project"]).encode()
    members[f"{info}/WHEEL"] = (
        b"Wheel-Version: 1.0\nGenerator: labcode\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    )
    scripts = table["project"]["scripts"].items()
    lines = "".join(f"{name} = {target}\n" for name, target in scripts)
    members[f"{info}/entry_points.txt"] = f"[console_scripts]\n{lines}".encode()
    rows = [f"{name},{_digest(data)},{len(data)}" for name, data in members.items()]
    rows.append(f"{info}/RECORD,,")
    members[f"{info}/RECORD"] = ("\n".join(rows) + "\n").encode()
    return f"{stem}-py3-none-any.whl", zipped(members)


def package_files(table: dict) -> dict[str, bytes]:
    """The package's modules and its data: path in the wheel -> bytes, sorted."""
    root = distribution.SOURCE
    found: set[Path] = set((root / "labcode").rglob("*.py"))
    for package, patterns in table["tool"]["setuptools"]["package-data"].items():
        for pattern in patterns:
            found |= set(root.joinpath(*package.split(".")).glob(pattern))
    names = {path.relative_to(root).as_posix(): path for path in found}
    # Editors keep copies of earlier texts in hidden folders.
    names = {name: path for name, path in names.items() if "/." not in name}
    return {name: names[name].read_bytes() for name in sorted(names)}


def metadata(project: dict) -> str:
    """Core metadata 2.4 of the ``[project]`` table; the README, which is for authors, left out."""
    lines = [
        "Metadata-Version: 2.4",
        f"Name: {project['name']}",
        f"Version: {labcode.__version__}",
        f"Summary: {project['description']}",
        f"License-Expression: {project['license']}",
        *(f"License-File: {name}" for name in project["license-files"]),
        f"Requires-Python: {project['requires-python']}",
        *(f"Requires-Dist: {text}" for text in project["dependencies"]),
    ]
    for extra, wanted in project["optional-dependencies"].items():
        lines.append(f"Provides-Extra: {extra}")
        lines += [f'Requires-Dist: {text}; extra == "{extra}"' for text in wanted]
    return "\n".join(lines) + "\n"


def _digest(data: bytes) -> str:
    """SHA-256 as RECORD writes it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
