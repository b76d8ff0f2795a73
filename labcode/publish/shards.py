"""Part i of n of the book's notebooks, packed by how long each took, the same on every machine.

Workers share no cache while they run, so what they pack by is a file of the project,
``book/durations.json``: profile -> chapter -> framework -> seconds. ``labcode durations`` writes it
from a built site. A worker that dies loses nothing but time: whoever builds the book from the
merged cache runs what it lacks.
"""

import json
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path

from labcode import profiles
from labcode.errors import LabcodeError
from labcode.files import atomic_write
from labcode.publish import told

Job = tuple[str, str]
"""A notebook: the chapter's name and the framework's key."""


def of(number: int, count: int, jobs: Sequence[Job], root: Path) -> list[Job]:
    """Part ``number`` (from 1) of ``count`` of the notebooks ``jobs``, for the current profile."""
    return pack(jobs, count, seconds(jobs, root))[number - 1]


def pack(jobs: Sequence[Job], count: int, seconds: Mapping[Job, float]) -> list[list[Job]]:
    """``count`` parts of ``jobs``, the longest of them about as short as it can be.

    The longest notebook first, each to the part with the least to do: at most 4/3 of the best
    (Graham, "Bounds on multiprocessing timing anomalies", 1969). Equal ones go by name.
    """
    parts: list[list[Job]] = [[] for _ in range(count)]
    load = [0.0] * count
    for job in sorted(jobs, key=lambda job: (-seconds[job], job)):
        least = load.index(min(load))
        parts[least].append(job)
        load[least] += seconds[job]
    return parts


def seconds(jobs: Sequence[Job], root: Path) -> dict[Job, float]:
    """How long each notebook is expected to take; one that nobody timed takes the median.

    A profile that nobody timed takes the first one in the file: which notebooks are long is about
    the same. Without the file all are equal.
    """
    table = recorded(root)
    name = profiles.current().name
    chapters = table.get(name) or next(iter(table.values()), {})
    known = [float(s) for chapter in chapters.values() for s in chapter.values()]
    usual = statistics.median(known) if known else 1.0
    return {job: float(chapters.get(job[0], {}).get(job[1], usual)) for job in jobs}


def recorded(root: Path) -> dict[str, dict[str, dict[str, float]]]:
    """The file's content, nothing where there is none. Raises LabcodeError when it is damaged."""
    path = file(root)
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        for chapters in table.values():
            for chapter in chapters.values():
                if not all(0 <= s < float("inf") for s in chapter.values()):
                    raise ValueError("a duration is no number of seconds")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise LabcodeError(
            f"{path} is damaged ({error}); take it from the last commit, or write it anew from a "
            "built site: labcode durations"
        ) from error
    return dict(sorted(table.items()))


def record(root: Path, site: Path) -> tuple[Path, dict[str, int]]:
    """Write down how long the notebooks of ``site`` took; the file, and how many of a profile.

    What the file had of these profiles is replaced, so that chapters that are gone leave it.
    """
    new: dict[str, dict[str, dict[str, float]]] = {}
    for name, page in told.read(site).items():
        for framework, run in page["notebooks"].items():
            chapters = new.setdefault(run["provenance"]["profile"], {})
            chapters.setdefault(name, {})[framework] = round(run["seconds"], 1)
    table = recorded(root) | new
    text = json.dumps(table, indent=1, sort_keys=True)
    atomic_write(file(root), f"{text}\n")
    return file(root), {key: sum(map(len, chapters.values())) for key, chapters in new.items()}


def file(root: Path) -> Path:
    """Where the durations are kept."""
    return Path(root) / "book" / "durations.json"
