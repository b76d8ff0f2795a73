"""A study of nothing: records whose seeds tell a fake worker what to do."""

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from labcode.experiments import running
from labcode.experiments.records import Training, View
from labcode.experiments.studies import Study
from labcode.recipe import Recipe

FAKE = Path(__file__).with_name("fake_worker.py")


def training(seed: int = 0, framework: str = "pytorch", **recipe) -> Training:
    """A small training record."""
    return Training(framework, View("sample", 2, 8), Recipe(epochs=1, seed=seed, **recipe))


def study_of(*seeds: int, timed: bool = False) -> Study:
    """A study with a run for each of ``seeds``; timed ones are one group."""
    group = (lambda record: 0) if timed else None
    return Study("nothing", "?", tuple(training(seed) for seed in seeds), timed, group)


@pytest.fixture
def fake(monkeypatch, tmp_path):
    """Runs of the fake worker; a function that gives the lines it noted."""
    log = tmp_path / "worker.log"
    log.write_text("")
    monkeypatch.setenv("FAKE_WORKER_LOG", str(log))
    monkeypatch.setattr(running, "COMMAND", [sys.executable, str(FAKE)])
    return lambda: log.read_text().splitlines()


__all__ = ["fake", "replace", "study_of", "training"]
