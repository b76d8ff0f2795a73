"""How far the studies are, and where and when their runs were made."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labcode.experiments import records, results, studies
from labcode.experiments.results import Result

COMMIT = 7
"""Characters of a commit that a table shows."""


@dataclass(frozen=True)
class State:
    """One study: the runs that it declares, those that are done, and those that did not end well.

    ``machines`` are processors with their threads a run, ``days`` the first and the last date,
    ``commits`` abbreviated, with a + where tracked files differed from them.
    """

    study: str
    question: str
    declared: int
    done: int
    failed: int
    machines: tuple[str, ...]
    days: tuple[str, ...]
    commits: tuple[str, ...]

    def line(self) -> str:
        """One row of a table."""
        days = " to ".join(self.days) or "-"
        commits = ", ".join(self.commits) or "-"
        return f"{self.study:10} {self.declared:4} {self.done:4} {self.failed:6}  {days}  {commits}"


HEAD = f"{'study':10} {'runs':>4} {'done':>4} {'failed':>6}  made, commit"
"""What stands above the lines."""


def states(
    data: str = "tiny-imagenet", scale: str = "small", where: Path | None = None
) -> list[State]:
    """All studies in the order in which the book declares them; results of others are left out."""
    return [state(name, data, scale, where) for name in studies.STUDIES]


def state(name: str, data: str, scale: str, where: Path | None = None) -> State:
    """The study ``name``, whether or not it has been run."""
    study = studies.study(name, data, scale)
    folder = (where or results.folder()) / name
    found: list[Result] = []
    failed = 0
    for record in study.records:
        path = results.path_of(record, name, where)
        if path.exists():
            found.append(results.load(path))
        else:
            failed += any(folder.glob(f"{records.digest(record)}.failed-*.json"))
    days = sorted(result.provenance["made"][:10] for result in found)
    return State(
        name,
        study.question,
        len(study.records),
        len(found),
        failed,
        _distinct(f"{one.provenance['cpu']}, {one.provenance['threads']} threads" for one in found),
        tuple(dict.fromkeys((days[0], days[-1]))) if days else (),
        _distinct(_commit(one.provenance) for one in found),
    )


def _commit(provenance: dict) -> str:
    commit = provenance.get("commit")
    return commit[:COMMIT] + "+" * bool(provenance.get("dirty")) if commit else "no checkout"


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
