"""``labcode bench``: print the speed claims as measured on this machine."""

import argparse
import subprocess

from labcode.frameworks import FRAMEWORKS, interpreter

MODULES = {"trainer": "training", "report": "training", "profile": "profiling"}
"""Part -> module of this package that measures it in one framework, in a process of its own."""
PARTS = (*MODULES, "data")
_EPILOG = "exit status 0 when every claim holds on this machine, 3 when one does not"


def add_parser(verbs) -> None:
    """Register ``bench`` with the command line."""
    verb = verbs.add_parser("bench", help="measure the speed claims, interleaved", epilog=_EPILOG)
    verb.add_argument(
        "parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all if none"
    )
    verb.add_argument("--rounds", type=int, default=5, help="rounds of each comparison (5)")
    verb.add_argument("--framework", choices=list(FRAMEWORKS), help="only this framework")
    verb.set_defaults(func=run)


def run(options: argparse.Namespace) -> int:
    """Run the parts asked for, each framework in a process of its own."""
    from labcode.errors import LabcodeError

    parts = options.parts or list(PARTS)
    for part in parts:
        if part not in PARTS:
            raise LabcodeError(f"unknown part {part!r}; choose from {', '.join(PARTS)}")
    if options.rounds < 1:
        raise LabcodeError(f"--rounds must be at least 1, not {options.rounds}")
    holds = True
    for framework in [options.framework] if options.framework else list(FRAMEWORKS):
        for module in dict.fromkeys(MODULES[part] for part in parts if part in MODULES):
            command = [interpreter(framework), "-m", f"labcode.benchmarks.{module}", framework]
            of_module = [part for part in parts if MODULES.get(part) == module]
            done = subprocess.run([*command, str(options.rounds), *of_module])
            if done.returncode not in (0, 3):
                raise LabcodeError(f"the benchmark of {framework} failed; see its traceback above")
            holds &= done.returncode == 0
    if "data" in parts:
        from labcode.benchmarks import data

        holds &= data.run(options.rounds)
    return 0 if holds else 3
