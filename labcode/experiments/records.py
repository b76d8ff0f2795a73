"""What an experiment is: a small record that says everything which decides its result.

The digest of a record names its result, so equal records have one result wherever they ran. How
many processes run at a time, and on which machine, is not in the record but in the provenance.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields

from labcode.errors import ExperimentError, LabcodeError
from labcode.experiments import settings
from labcode.frameworks import FRAMEWORKS
from labcode.recipe import Recipe
from labcode.weights import INITIALISERS


@dataclass(frozen=True)
class View:
    """The first ``classes`` classes of the data set ``name``, ``per_class`` training images each.

    ``val`` is how many of the view's validation images count, spread evenly; None for all.
    """

    name: str
    classes: int
    per_class: int
    val: int | None = None


@dataclass(frozen=True)
class Training:
    """Train the toy CNN once, in one framework.

    ``recipe`` holds batch size, epochs, optimiser, loss and seed; the first weights are drawn by
    ``initialiser`` from the same seed. ``form`` is one of the room's ``TRAINING_FORMS``, with the
    ``settings`` of its process after it. ``probe`` looks at maps and gradients after each epoch.
    ``device`` None is the best one there is.
    """

    framework: str
    view: View
    recipe: Recipe
    initialiser: str = "kaiming-uniform"
    form: str = "labcode"
    probe: bool = False
    device: str | None = None
    kind: str = field(default="training", init=False)


@dataclass(frozen=True)
class Latency:
    """Time inference of ``batch`` images in ``form``: one of the room's ``INFERENCE_FORMS``, with
    the ``settings`` of its process after it.
    """

    framework: str
    form: str
    batch: int
    repeats: int
    device: str | None = None
    kind: str = field(default="latency", init=False)


@dataclass(frozen=True)
class Passes:
    """Time each pass of each convolution, a training step and the peak, in turns.

    ``form`` is ``plain`` with the ``settings`` of its process after it.
    """

    framework: str
    form: str
    batch: int
    device: str | None = None
    kind: str = field(default="passes", init=False)


@dataclass(frozen=True)
class Edge:
    """Export the shipped checkpoint of ``view`` for a small device, and run it there."""

    framework: str
    view: View
    precision: str
    threads: int = 1
    repeats: int = 50
    kind: str = field(default="edge", init=False)


@dataclass(frozen=True)
class Usability:
    """Count what a student has to write for each activity, in both frameworks."""

    kind: str = field(default="usability", init=False)


Record = Training | Latency | Passes | Edge | Usability
KINDS: dict[str, type] = {
    "training": Training,
    "latency": Latency,
    "passes": Passes,
    "edge": Edge,
    "usability": Usability,
}


def as_dict(record: Record) -> dict:
    """The record as a plain dict, for JSON."""
    return asdict(record)


def from_dict(given: dict) -> Record:
    """The record that ``as_dict`` gave; ExperimentError names what is wrong with ``given``."""
    given = dict(given)
    kind = given.pop("kind", None)
    if kind not in KINDS:
        raise ExperimentError(f"unknown kind of experiment {kind!r}; choose from {list(KINDS)}")
    if unknown := sorted(set(given) - {one.name for one in fields(KINDS[kind]) if one.init}):
        raise ExperimentError(f"an experiment of kind {kind!r} has no field {', '.join(unknown)}")
    try:
        if "view" in given:
            given["view"] = View(**given["view"])
        if "recipe" in given:
            given["recipe"] = Recipe.from_dict(given["recipe"])
        record = KINDS[kind](**given)
    except (TypeError, LabcodeError) as error:
        raise ExperimentError(f"this is no experiment of kind {kind!r}: {error}") from error
    _check(record)
    return record


def digest(record: Record) -> str:
    """Sixteen hex digits that name the record: equal records, equal digests, on any machine."""
    text = json.dumps(as_dict(record), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def name(record: Record) -> str:
    """The record in a few words, for a line of progress."""
    if isinstance(record, Training):
        recipe, view = record.recipe, record.view
        words = [
            FRAMEWORKS[record.framework].label,
            f"{view.name}[{view.classes}x{view.per_class}]",
        ]
        words += [record.form] if record.form != "labcode" else []
        words += [f"batch {recipe.batch_size}", f"{recipe.optimizer} {recipe.learning_rate:g}"]
        words += [record.initialiser, recipe.loss, f"{recipe.epochs} epochs", f"seed {recipe.seed}"]
        return ", ".join(words)
    parts = [
        f"{key} {value}" for key, value in as_dict(record).items() if key not in ("kind", "view")
    ]
    return ", ".join([record.kind, *parts])


def _check(record: Record) -> None:
    if hasattr(record, "framework") and record.framework not in FRAMEWORKS:
        raise ExperimentError(
            f"unknown framework {record.framework!r}; choose from {list(FRAMEWORKS)}"
        )
    if isinstance(record, Training) and record.initialiser not in INITIALISERS:
        raise ExperimentError(
            f"unknown initialiser {record.initialiser!r}; choose from {list(INITIALISERS)}"
        )
    own, names = settings.split(getattr(record, "form", ""))
    if isinstance(record, Passes) and own != "plain":
        raise ExperimentError(
            f"operations have no form {own!r}: write plain, and settings after it"
        )
    for one in names:
        if one not in settings.SETTINGS:
            raise ExperimentError(
                f"unknown setting {one} in the form {record.form!r}; choose from "
                f"{list(settings.SETTINGS)}"
            )
