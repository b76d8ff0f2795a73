"""``labcode turn-in FOLDER``: check what a student hands in, and pack it."""

import argparse
from pathlib import Path


def add_parser(verbs) -> None:
    """Register ``turn-in`` with the command line."""
    verb = verbs.add_parser("turn-in", help="check a turn-in folder and pack it into a zip")
    verb.add_argument("folder", type=Path, help="holds report.pdf, notebooks/ and binaries/")
    verb.add_argument("--check", action="store_true", help="only check, write nothing")
    verb.add_argument("--output", type=Path, help="the zip (default: FOLDER.zip)")
    verb.set_defaults(func=run)


def run(options: argparse.Namespace) -> int:
    """Pack, or with ``--check`` list the problems; 1 when there is one."""
    from labcode.turnin.folder import check
    from labcode.turnin.packing import pack

    if not options.check:
        path = pack(options.folder, options.output)
        print(f"packed {options.folder} into {path} ({path.stat().st_size / 2**20:.1f} MiB)")
        return 0
    problems = check(options.folder)
    for problem in problems:
        print(f"- {problem}")
    verdict = f"{len(problems)} to mend" if problems else "report, notebooks, binaries in order"
    print(f"{options.folder}: {verdict}")
    return 1 if problems else 0
