"""Results of whole studies of training, whose figures a test plants."""

from collections.abc import Callable

from labcode.experiments import records, studies
from labcode.experiments.records import Training
from labcode.experiments.results import PROVENANCE, Result

TOLD = dict.fromkeys(PROVENANCE) | {"dataset": {"name": "sample"}}


def result(record: Training, figures: dict, probes: list[dict] | None = None) -> Result:
    """A result of ``record``; its fairness follows from the record, as that of a real run does."""
    recipe = record.recipe
    shuffler = "numpy" if recipe.order == "shared" else record.framework
    outcome = {
        "history": {"epochs": [{"val_top1": 0.0, "val_loss": 9.0}, figures]},
        "fairness": {
            "initial_weights": f"{record.initialiser} {recipe.seed}",
            "batches": f"{shuffler} {recipe.batch_size} {recipe.seed}",
            "steps": recipe.epochs * (400 // recipe.batch_size),
        },
        "probes": probes or [],
    }
    outcome |= dict.fromkeys(("times", "throughput", "memory", "utilisation", "energy"), {})
    return Result(records.as_dict(record), "ok", outcome, None, TOLD, 1.0)


def study(name: str, figures: Callable[[Training], dict]) -> list[Result]:
    """A result for each record of a study on the sample, in no order that says anything."""
    found = [result(record, figures(record)) for record in studies.study(name, "sample").records]
    return sorted(found, key=lambda one: one.digest)
