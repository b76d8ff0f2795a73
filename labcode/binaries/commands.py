"""``labcode export write | verify``: what Lab 2 reads, from the command line."""

import argparse
import importlib
import importlib.util
from pathlib import Path

from labcode.frameworks import FRAMEWORKS


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Register ``export`` and its verbs; each sets ``func(args) -> exit status``."""
    export = subparsers.add_parser("export", help="write and verify the files that Lab 2 reads")
    verbs = export.add_subparsers(title="verbs", required=True, metavar="VERB")

    verb = verbs.add_parser("write", help="images, weights and all maps of three images")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--framework", choices=list(FRAMEWORKS), help="default: one that is here")
    verb.add_argument(
        "--weights",
        type=Path,
        metavar="PATH",
        help="a safetensors file or the folder of an export; default: the shipped checkpoint",
    )
    verb.add_argument(
        "--images", type=int, nargs=3, default=[0, 1, 2], metavar="N", help="validation images"
    )
    verb.set_defaults(func=_write)

    verb = verbs.add_parser("verify", help="name every fault; exit status 1 if there is one")
    verb.add_argument("folder", type=Path)
    verb.set_defaults(func=_verify)


def _write(args: argparse.Namespace) -> int:
    from labcode.binaries import export_lab, read_weights
    from labcode.binaries.writing import chosen
    from labcode.data import open_dataset
    from labcode.weights import load_weights, shipped_weights

    key = args.framework or _installed()
    room = importlib.import_module(f"labcode.{key}")
    data = open_dataset()
    if args.weights is None:
        weights = shipped_weights(data.name)
    else:
        load = read_weights if args.weights.is_dir() else load_weights
        weights = load(args.weights)
    images = chosen(data.val, args.images)
    maps = room.activations(room.build_model(weights), images)
    about = {"framework": key, "dataset": data.name, "digest": data.digest}
    export_lab(args.folder, weights, data.val, args.images, maps, about)
    return _verify(args)


def _verify(args: argparse.Namespace) -> int:
    from labcode.binaries import verify

    found = verify(args.folder)
    print(found)
    return 0 if found.ok else 1


def _installed() -> str:
    """The first framework that this machine has; the first of all, if it has none."""
    return next((key for key in FRAMEWORKS if importlib.util.find_spec(_PACKAGES[key])), "pytorch")


_PACKAGES = {"pytorch": "torch", "tensorflow": "tensorflow"}
