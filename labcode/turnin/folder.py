"""What belongs into a turn-in folder, and whether it is there.

report.pdf          or .html, .md, .docx
notebooks/*.ipynb   run from top to bottom, outputs kept
binaries/           what ``labcode export`` wrote, as Lab 2 reads it
"""

from pathlib import Path

from labcode.binaries import verify
from labcode.binaries.faults import lines
from labcode.binaries.manifest import CLUTTER
from labcode.errors import TurnInError
from labcode.turnin.notebooks import notebook_problems

REPORTS = (".pdf", ".html", ".md", ".docx")
BINARIES = "binaries"
NOTEBOOKS = "notebooks"
NOTEBOOK_LIMIT = 10 * 2**20
TOTAL_LIMIT = 50 * 2**20
_JPEG_LIMIT = 20
_SHORTEST_REPORT = 500
_JUNK = CLUTTER | {"__pycache__"}


def files_of(folder: Path) -> list[Path]:
    """The files that are packed, sorted: all but hidden ones, links, and what programs leave."""
    return [path for path in _visible(folder) if path.is_file() and not path.is_symlink()]


def check(folder: str | Path) -> list[str]:
    """Every problem of the turn-in ``folder``, each with its place and its remedy; [] when sound.

    Raises TurnInError when there is no such folder.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise TurnInError(f"there is no folder {folder}; make it, and put report and notebooks in")
    return [*_report(folder), *_notebooks(folder), *_binaries(folder), *_files(folder)]


def _report(folder: Path) -> list[str]:
    found = [
        path
        for path in folder.iterdir()
        if path.is_file() and path.stem.lower() == "report" and path.suffix.lower() in REPORTS
    ]
    if not found:
        return [f"report: there is none; save it as report.pdf (or {', '.join(REPORTS[1:])})"]
    if len(found) > 1:
        names = ", ".join(sorted(path.name for path in found))
        return [f"report: there are several ({names}); keep the one that counts"]
    data = found[0].read_bytes()
    if found[0].suffix.lower() == ".pdf" and not data.startswith(b"%PDF"):
        return [f"{found[0].name}: is no PDF in spite of its name; export it again"]
    if len(data) < _SHORTEST_REPORT:
        return [f"{found[0].name}: has only {len(data)} bytes; was it saved?"]
    return []


def _notebooks(folder: Path) -> list[str]:
    found = [path for path in files_of(folder) if path.suffix == ".ipynb"]
    if not found:
        return [f"{NOTEBOOKS}: there is none; put your notebooks (.ipynb) there, outputs and all"]
    problems = []
    for path in found:
        name, size = path.relative_to(folder).as_posix(), path.stat().st_size
        problems += [f"{name}: {problem}" for problem in notebook_problems(path)]
        if size > NOTEBOOK_LIMIT:
            problems.append(
                f"{name}: has {_mib(size)}, and {_mib(NOTEBOOK_LIMIT)} is the limit; print less, "
                "show fewer and smaller figures, and run it again"
            )
    return problems


def _binaries(folder: Path) -> list[str]:
    if not (folder / BINARIES).is_dir():
        return [f"{BINARIES}: there is no such folder; write it: labcode export write {BINARIES}"]
    return [f"{BINARIES}/{line}" for line in lines(verify(folder / BINARIES).faults)]


def _files(folder: Path) -> list[str]:
    found = files_of(folder)
    problems = [
        f"{path.relative_to(folder).as_posix()}: is a link, which a zip leaves out; copy the files"
        for path in _visible(folder)
        if path.is_symlink()
    ]
    pictures = sum(path.suffix.lower() in (".jpeg", ".jpg") for path in found)
    if pictures > _JPEG_LIMIT:
        problems.append(
            f"{pictures:,} JPEG files: take the data set out; its images may not be handed on"
        )
    total = sum(path.stat().st_size for path in found)
    if total > TOTAL_LIMIT:
        path = max(found, key=lambda path: path.stat().st_size)
        problems.append(
            f"all files together have {_mib(total)}, and {_mib(TOTAL_LIMIT)} is the limit; the "
            f"largest is {path.relative_to(folder).as_posix()} ({_mib(path.stat().st_size)})"
        )
    return problems


def _visible(folder: Path) -> list[Path]:
    found = []
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if not any(part.startswith(".") or part in _JUNK for part in parts):
            found.append(path)
    return found


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f} MiB"
