"""One experiment in a process of its own: ``python -m labcode.experiments.worker RECORD OUT``.

RECORD is the record as JSON, OUT the file that gets ``{"outcome", "dataset", "provenance"}``. With
``--turns`` the process says ``turn`` on its standard output before each round of work and waits
for a line on its standard input, so that several of them can work one after another, A B A B ....
"""

import argparse
import json
import os
import sys
from pathlib import Path

from labcode import provenance
from labcode.experiments import records
from labcode.experiments.records import Record
from labcode.files import atomic_write

OUT_OF_MEMORY = 77
"""Exit status of a run that could not get memory."""

WORDS = ("out of memory", "OutOfMemoryError", "ResourceExhaustedError", "failed to allocate",
         "can't allocate memory", "Unable to allocate")  # fmt: skip
"""What the frameworks and NumPy say when there is no memory left."""


def main(arguments: list[str] | None = None) -> int:
    """Run the experiment; exit status 0, or OUT_OF_MEMORY; anything else raises."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("record", type=json.loads)
    parser.add_argument("out", type=Path)
    parser.add_argument("--turns", action="store_true")
    options = parser.parse_args(arguments)
    record = records.from_dict(options.record)
    try:
        outcome, dataset = measure(record, _take_turn if options.turns else None)
    except BaseException as error:
        if isinstance(error, MemoryError) or any(word in repr(error) for word in WORDS):
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return OUT_OF_MEMORY
        raise
    atomic_write(
        options.out,
        json.dumps({"outcome": outcome, "dataset": dataset, "provenance": told(record, dataset)}),
    )
    return 0


def measure(record: Record, turn=None) -> tuple[dict, dict | None]:
    """Outcome and data set of ``record``; the module of its kind is imported here, and no other."""
    if record.kind == "training":
        from labcode.experiments import training as kind
    elif record.kind == "latency":
        from labcode.experiments import latency as kind
    elif record.kind == "passes":
        from labcode.experiments import passes as kind
    elif record.kind == "edge":
        from labcode.experiments import edge as kind
    else:
        from labcode.publish import counting as kind  # reads chapters: needs the book's packages
    return kind.run(record, turn)


def told(record: Record, dataset: dict | None) -> dict:
    """Provenance as of a page, and with it the threads of the run and its neighbours."""
    recipe = getattr(record, "recipe", None)
    room = sys.modules.get(f"labcode.{getattr(record, 'framework', '')}")
    used = getattr(record, "device", None) or (room.available_devices()[0] if room else "cpu")
    found = provenance.collect(dataset, recipe.seed if recipe else None, used)
    found["threads"] = int(os.environ.get("OMP_NUM_THREADS") or provenance.cores())
    found["beside"] = int(os.environ.get("LABCODE_JOBS") or 1) - 1
    return found


def _take_turn() -> None:
    print("turn", flush=True)
    if not sys.stdin.readline():
        raise SystemExit("the process that gives the turns is gone")


if __name__ == "__main__":
    sys.exit(main())
