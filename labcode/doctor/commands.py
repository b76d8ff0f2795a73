"""``labcode doctor``: one line for each thing, and exit status 1 when the book cannot be built."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from labcode.doctor import datasets, frameworks, hardware, packages
from labcode.doctor.finding import MISSING, NOTE, Finding, Machine


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``labcode doctor``."""
    parser = subparsers.add_parser(
        "doctor",
        help="say what this machine has for the book, what it lacks, and what to type",
        description="Look at Python, packages, frameworks, GPU, data, memory and disk. Each line "
        "is ok, note (the book can be built all the same) or missing. Exit status 1 when "
        "something is missing.",
    )
    parser.add_argument("--root", type=Path, default=Path(), help="the book's folder (this one)")
    parser.set_defaults(func=doctor)


def doctor(args: argparse.Namespace) -> int:
    """Print what is found as it is found; 0 when the book can be built, else 1."""
    states = []
    for finding in examine(Machine(args.root.resolve())):
        print(finding, flush=True)
        states.append(finding.state)
    missing, notes = states.count(MISSING), states.count(NOTE)
    verdict = f"The book cannot be built: {missing} missing" if missing else "The book can be built"
    print(f"{verdict}{f', notes: {notes}' if notes else ''}.")
    return 1 if missing else 0


def examine(machine: Machine) -> Iterator[Finding]:
    """All findings, the quick ones first."""
    yield packages.python()
    yield from packages.packages()
    yield from hardware.processor(machine)
    yield hardware.memory(machine)
    yield hardware.disk(machine)
    yield from hardware.programs(machine)
    yield hardware.gpu(machine)
    yield datasets.dataset()
    yield from hardware.folders(folders(machine))
    yield from frameworks.frameworks(machine)


def folders(machine: Machine) -> dict[str, Path]:
    """What is written where."""
    wanted = {"book": machine.root / "_build"}
    try:
        from labcode.data import places
    except ModuleNotFoundError:
        return wanted  # said already, where the data set was looked for
    return {**wanted, "data": places.root(), "arrays": places.arrays_root()}


def main(arguments: list[str] | None = None) -> int:
    """The doctor alone, without the rest of the command line, which needs packages."""
    parser = argparse.ArgumentParser(prog="python -m labcode.doctor", description=__doc__)
    add_parser(parser.add_subparsers())
    return (options := parser.parse_args(["doctor", *(arguments or [])])).func(options)
