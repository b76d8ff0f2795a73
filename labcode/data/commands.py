"""``labcode data add | verify | list | remove``: the data sets from the command line."""

import argparse
from pathlib import Path

from labcode.data import places
from labcode.data.opening import open_dataset


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register ``data`` and its verbs; each sets ``func(args) -> exit status``."""
    data = subparsers.add_parser("data", help="install, verify, list and remove data sets")
    verbs = data.add_subparsers(title="verbs", required=True, metavar="VERB")

    verb = verbs.add_parser("add", help="install a data set and decode it")
    verb.add_argument("name", help=f"one of: {', '.join(places.KNOWN)}")
    verb.add_argument(
        "--from",
        dest="source",
        type=Path,
        metavar="PATH",
        help="a zip, a tar (also .xz, .gz, .bz2) or a folder; without it: download",
    )
    verb.set_defaults(func=_add)

    verb = verbs.add_parser("verify", help="read every image again and name each damage")
    verb.add_argument("name", nargs="?", help="default: every installed data set")
    verb.set_defaults(func=_verify)

    verb = verbs.add_parser("list", help="what is installed, and where")
    verb.set_defaults(func=_list)

    verb = verbs.add_parser("remove", help="delete a data set and its decoded arrays")
    verb.add_argument("name")
    verb.set_defaults(func=_remove)


def _add(args: argparse.Namespace) -> int:
    from labcode.data.install import add

    add(args.name, args.source)
    _show(args.name)
    return 0


def _verify(args: argparse.Namespace) -> int:
    from labcode.data.verify import verify

    names = [args.name] if args.name else [n for n in places.KNOWN if places.is_installed(n)]
    if not names:
        print(f"nothing is installed in {places.root()}")
    reports = [verify(name) for name in names]
    for report in reports:
        print(report)
    return 1 if any(report.problems for report in reports) else 0


def _list(args: argparse.Namespace) -> int:
    print(f"data in {places.root()}, arrays in {places.arrays_root()}")
    for name, known in places.KNOWN.items():
        state = "not installed"
        if places.is_installed(name):
            decoded = (places.arrays_of(name) / "manifest.json").is_file()
            state = "installed, decoded" if decoded else "installed, not decoded yet"
        print(f"  {name:15} {known.title:18} {state}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    from labcode.data.install import remove

    gone = remove(args.name)
    for path in gone:
        print(f"removed {path}")
    if not gone:
        print(f"{args.name} is not installed in {places.root()}")
    return 0


def _show(name: str) -> None:
    facts = open_dataset(name).describe()
    counts = " + ".join(f"{facts[f'{s}_images']:,} {s}" for s in ("train", "val"))
    note = ", PARTIAL" if facts["partial"] else ""
    print(f"{facts['title']}: {counts} images of {facts['classes']} classes{note}")
    print(f"  in {places.folder_of(name)}, decoded in {places.arrays_of(name)}")
    print(
        f"  grey images: {facts['grey_train']:,} train, {facts['grey_val']:,} val; byte-identical "
        f"pairs: {facts['duplicate_pairs']}, {facts['duplicates_across_splits']} across splits"
    )
    print(f"  digest {facts['digest']}")
