"""The command ``labcode``: each room brings its own verbs."""

import argparse
import sys

from labcode import __version__, shipping
from labcode.benchmarks import commands as benchmarks
from labcode.binaries import commands as binaries
from labcode.data import commands as data
from labcode.doctor import commands as doctor
from labcode.errors import LabcodeError
from labcode.experiments import commands as experiments
from labcode.publish import authoring, build, commands, site_commands
from labcode.turnin import commands as turnin

EXTRAS = {
    "torch": "pytorch",
    "torchvision": "pytorch",
    "tinyimagenet": "pytorch",
    "tensorflow": "tensorflow",
    "keras": "tensorflow",
}
"""Package -> the extra of labcode that brings it; all others belong to ``book``."""


def parser() -> argparse.ArgumentParser:
    """The whole command line; a verb imports what it needs when it runs, not before."""
    root = argparse.ArgumentParser(prog="labcode", description=__doc__)
    root.add_argument("--version", action="version", version=f"labcode {__version__}")
    verbs = root.add_subparsers(title="verbs", metavar="VERB", required=True)
    publishing = (commands, build, site_commands)
    for room in (data, *publishing, shipping, benchmarks, experiments, binaries, turnin):
        room.add_parser(verbs)
    for room in (doctor, authoring):
        room.add_parser(verbs)
    return root


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; its exit status, 1 for an error that labcode explains, 130 for Ctrl-C."""
    options = parser().parse_args(arguments)
    try:
        return options.func(options)
    except LabcodeError as error:
        print(f"labcode: error: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package == "labcode":
            raise
        extra = EXTRAS.get(package, "book")
        print(
            f"labcode: error: this verb needs the package {package!r}, which is not installed; "
            f"in the folder of the book, type: pip install '.[{extra}]'",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("labcode: interrupted; what was finished is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
