"""Counts of usability: ``usability.ACTIVITY.MEASURE.FRAMEWORK``, and the same of the two rooms.

An activity is one of ``labcode.usability.activities``; a measure is statements, lines, names,
keywords, concepts, or add (packages to install besides the framework). Of the rooms there are
``usability.rooms.FILE.MEASURE.FRAMEWORK`` and ``usability.rooms.all...`` for all files together.
"""

from collections.abc import Sequence

from labcode.experiments.quantities import Formula, Results, quantity
from labcode.frameworks import FRAMEWORKS
from labcode.usability.activities import ACTIVITIES

ROOMS = ("activations", "evaluation", "model", "profiling", "training")


def counted(results: Results) -> dict:
    """The latest recorded count of the book."""
    return [one.outcome for one in results.study("usability") if one.outcome][-1]


def _size(value: int | Sequence) -> int:
    return value if isinstance(value, int) else len(value)


def _activity(name: str, measure: str, framework: str) -> Formula:
    return lambda results: _size(counted(results)["activities"][name][framework][measure])


def _room(stem: str, measure: str, framework: str) -> Formula:
    def formula(results: Results) -> float:
        rooms = counted(results)["rooms"]
        files = rooms if stem == "all" else [f"{stem}.py"]
        return sum(rooms[file][framework][measure] for file in files)

    return formula


def _beside(measure: str, framework: str) -> Formula:
    return lambda results: sum(
        module[measure] for module in counted(results)["beside"][framework].values()
    )


def _extras(framework: str) -> Formula:
    return lambda results: len(counted(results)["extras"][framework])


for key in FRAMEWORKS:
    for each in ("statements", "lines", "names", "keywords", "concepts", "add"):
        for activity in ACTIVITIES:
            quantity(f"usability.{activity}.{each}.{key}")(_activity(activity, each, key))
    for each in ("statements", "lines"):
        for room in (*ROOMS, "all"):
            quantity(f"usability.rooms.{room}.{each}.{key}")(_room(room, each, key))
        quantity(f"usability.beside.{each}.{key}")(_beside(each, key))
    quantity(f"usability.extras.{key}")(_extras(key))
