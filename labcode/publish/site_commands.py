"""``labcode check-site``, ``drift`` and ``durations``: what a built site tells of itself."""

import argparse
from pathlib import Path

from labcode.errors import LabcodeError


class StaleError(LabcodeError):
    """A built site is not what its sources would give now."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``check-site``, ``drift`` and ``durations``."""
    parser = subparsers.add_parser(
        "check-site",
        help="fail when a page of a built site is older than its inputs",
        description="Compute every notebook's key again and compare it with the one that the page "
        "tells; name each page that is older than its inputs, missing or not in the book. Nothing "
        "is executed. Keys hold the profile and the class of device: give PROFILE, and away from "
        "the GPU LABCODE_DEVICE_CLASS, as for the build.",
    )
    _add_site(parser)
    parser.set_defaults(func=check)

    parser = subparsers.add_parser(
        "drift",
        help="tell which numbers moved between two built sites, and by how much",
        description="Compare what two built sites tell beside their pages: recorded values, "
        "measured numbers, differences between the frameworks, times and memory. Prints Markdown.",
    )
    parser.add_argument("old", type=Path, help="folder of the earlier site, or of a release's")
    parser.add_argument("new", type=Path, help="folder of the later site")
    parser.set_defaults(func=drift)

    parser = subparsers.add_parser(
        "durations",
        help="record how long each notebook of a built site took, for --shard to pack by",
        description="Write book/durations.json from a built site; other profiles in it are kept. "
        "Commit the file: all workers must pack by the same one.",
    )
    _add_site(parser)
    parser.set_defaults(func=durations)


def _add_site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "site", nargs="?", type=Path, help="the built site (default: _build/html below the root)"
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )


def check(args: argparse.Namespace) -> int:
    """Say that the site is fresh; 0. Raises StaleError that names each page that is not."""
    # Imported here, so that ``labcode --help`` does not wait for Sphinx.
    from labcode.publish.contents import read_book
    from labcode.publish.freshness import faults
    from labcode.publish.keys import Keys

    root = args.root.resolve()
    site = (args.site or root / "_build" / "html").resolve()
    if not site.is_dir():
        raise StaleError(f"there is no site in {site}; build it: labcode book")
    book = read_book(root)
    found = list(faults(book, site, Keys(root)))
    if found:
        raise StaleError(
            f"{site} is not what its sources give now; build it again: labcode book\n  "
            + "\n  ".join(found)
        )
    print(f"{site}: all {len(book.chapters)} pages are as new as their inputs")
    return 0


def drift(args: argparse.Namespace) -> int:
    """Print the report; 0, whatever moved."""
    from labcode.publish import told
    from labcode.publish.drift import report

    print(report(told.read(args.old), told.read(args.new)), end="")
    return 0


def durations(args: argparse.Namespace) -> int:
    """Write the file and say what is in it; 0."""
    from labcode.publish import shards

    root = args.root.resolve()
    path, counts = shards.record(root, args.site or root / "_build" / "html")
    for profile, count in counts.items():
        print(f"{path}: {count} notebooks of the profile {profile}")
    return 0
