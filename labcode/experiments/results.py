"""Results of experiments on disk: validated JSON, one file a run, none ever overwritten.

``<folder>/<study>/<digest>.json`` is a run that ended well; ``<digest>.failed-1.json`` is one that
did not, kept with what it said. The digest is the record's, so the files of several machines merge
by copying.
"""

import json
import math
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from labcode import provenance
from labcode.errors import ExperimentError
from labcode.experiments import records
from labcode.experiments.records import Record
from labcode.files import explain

FORMAT = 1
STATUSES = ("ok", "failed", "out-of-memory")

NEEDED = {
    "training": ("history", "fairness", "times", "throughput", "memory", "utilisation", "energy"),
    "latency": ("seconds", "median", "low", "high"),
    "passes": ("peak", "step", "seconds"),
    "edge": ("file_bytes", "latency_seconds", "top1"),
    "usability": ("activities", "rooms"),
}
"""Kind of record -> what its outcome must hold."""

PROVENANCE = ("made", "python", "platform", "cpu", "cores", "device", "versions", "profile",
              "threads", "beside")  # fmt: skip
"""What every result must tell of itself; those with data tell the data set and the seed, too."""


@dataclass(frozen=True)
class Result:
    """One run: its ``record`` and ``outcome`` as plain dicts, and where the numbers come from.

    ``status`` is one of ``STATUSES``; a run that did not end well has ``error`` (what it said, and
    its exit status) instead of an outcome. ``seconds`` is the whole process's time.
    """

    record: dict
    status: str
    outcome: dict | None
    error: dict | None
    provenance: dict
    seconds: float
    format: int = FORMAT

    @property
    def digest(self) -> str:
        """The digest of the record, which names the file."""
        return records.digest(records.from_dict(self.record))


def folder() -> Path:
    """Where results are: LABCODE_RESULTS, else ``results`` beside a notebook, else the book's."""
    if named := os.environ.get("LABCODE_RESULTS"):
        return Path(named).expanduser().resolve()
    beside = Path.cwd() / "results"
    return beside if beside.is_dir() else provenance.PROJECT / "book" / "results"


def path_of(record: Record, study: str, where: Path | None = None) -> Path:
    """The file of the result of ``record`` in ``study``."""
    return (where or folder()) / study / f"{records.digest(record)}.json"


def check(result: Result, source: str = "this result") -> Result:
    """``result`` itself; ExperimentError names everything that is missing or of the wrong kind."""
    record = records.from_dict(result.record)
    faults = []
    if result.format != FORMAT:
        faults.append(f"format {result.format} instead of {FORMAT}")
    if result.status not in STATUSES:
        faults.append(f"unknown status {result.status!r}")
    if result.status == "ok":
        wanted = NEEDED[record.kind]
        faults += [f"outcome lacks {key}" for key in wanted if key not in (result.outcome or {})]
    elif not result.error or "message" not in result.error:
        faults.append("a run that failed must say how")
    faults += [f"provenance lacks {key}" for key in PROVENANCE if key not in result.provenance]
    if result.status == "ok" and hasattr(record, "view") and not result.provenance.get("dataset"):
        faults.append("provenance lacks the data set")
    if not (isinstance(result.seconds, int | float) and result.seconds >= 0):
        faults.append(f"seconds is {result.seconds!r}")
    faults += [f"{where} is not a finite number" for where in _not_finite(asdict(result))]
    if faults:
        raise ExperimentError(f"{source} is not a valid result: " + "; ".join(faults))
    return result


def save(result: Result, study: str, where: Path | None = None) -> Path:
    """Write ``result`` under a name that is still free, whole or not at all; return its path.

    Two workers that ran the same record leave the first one's result.
    """
    check(result)
    path = path_of(records.from_dict(result.record), study, where)
    text = json.dumps(asdict(result), indent=1, sort_keys=True) + "\n"
    number = 0
    while True:
        target = path
        if result.status != "ok":
            number += 1
            target = path.with_suffix(f".failed-{number}.json")
        if _write_new(target, text) or result.status == "ok":
            return target


def load(path: Path) -> Result:
    """The result in ``path``; ExperimentError when it is damaged or stands under a wrong name."""
    try:
        result = Result(**json.loads(Path(path).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise ExperimentError(
            f"{path} is no result ({error}); delete it, and run its study again"
        ) from error
    check(result, str(path))
    if Path(path).name.split(".")[0] != result.digest:
        raise ExperimentError(
            f"{path} holds the result of another record, {result.digest}; delete it, and run its "
            "study again"
        )
    return result


def load_study(name: str, where: Path | None = None, failed: bool = False) -> list[Result]:
    """The results of study ``name`` in the order of their digests; with ``failed``, those as well.

    ExperimentError when there are none: it says how to make them.
    """
    where = where or folder()
    paths = sorted((where / name).glob("*.json"))
    found = [load(path) for path in paths if failed or ".failed-" not in path.name]
    if not found:
        raise ExperimentError(
            f"there are no results of the study {name!r} in {where}; unpack the book's bundle, "
            f"which brings them, or make them with: labcode experiment run {name}"
        )
    return found


def _write_new(path: Path, text: str) -> bool:
    """Write ``text`` to ``path`` unless it exists; a link is made whole or not at all."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
    except OSError as error:
        raise explain(error, path) from error
    finally:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
    return True


def _not_finite(value: object, where: str = "") -> list[str]:
    """Paths of the numbers that JSON has no word for."""
    if isinstance(value, dict):
        return [p for k, v in value.items() for p in _not_finite(v, f"{where}.{k}".lstrip("."))]
    if isinstance(value, list | tuple):
        return [p for i, v in enumerate(value) for p in _not_finite(v, f"{where}[{i}]")]
    return [where] if isinstance(value, float) and not math.isfinite(value) else []
