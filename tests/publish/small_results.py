"""Made-up recorded runs, and quantities of them beside the real ones."""

import shutil
import statistics
from pathlib import Path

import pytest

from labcode.experiments import quantities, records, results
from labcode.experiments.quantities import Formula, quantity
from labcode.experiments.results import PROVENANCE, Result


def write(folder: Path, study: str, *seconds: float, failed: int = 0) -> None:
    """One result file for each run that took so many seconds, and no other in this study."""
    shutil.rmtree(folder / study, ignore_errors=True)
    told = dict.fromkeys(PROVENANCE)
    for batch, value in enumerate(seconds, start=1):
        record = records.as_dict(records.Latency("pytorch", "eager", batch, repeats=1))
        outcome = {"seconds": [value], "median": value, "low": value, "high": value}
        results.save(Result(record, "ok", outcome, None, told, value), study, folder)
    for batch in range(failed):
        record = records.as_dict(records.Latency("tensorflow", "eager", batch, repeats=1))
        results.save(Result(record, "failed", None, {"message": "no"}, told, 1.0), study, folder)


def mean(study: str) -> Formula:
    """The quantity: the mean of the medians of a study's runs, in seconds."""
    return lambda results: statistics.mean(r.outcome["median"] for r in results.study(study))


def plant() -> None:
    """Add quantities, for good."""
    quantity("turtle.mean-time")(mean("turtle"))
    quantity("hare.mean-time")(mean("hare"))
    quantity("turtle.key")(lambda results: results.study("turtle")[0].outcome["watts"])
    quantity("turtle.nan")(lambda results: len(results.study("turtle")) * float("nan"))
    quantity("turtle.failed")(lambda results: len(results.study("turtle", failed=True)))
    quantity("nothing.read")(lambda results: 3.0)


def plant_for_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """``plant``, undone when the test ends."""
    formulas = {name: quantities._formulas[name] for name in quantities.names()}
    monkeypatch.setattr(quantities, "_formulas", formulas)
    plant()
