"""``labcode experiment``: list the studies, run one or a shard of it, tell what is done."""

import argparse
import re
from pathlib import Path


def add_parser(verbs) -> None:
    """Register ``experiment`` with the command line."""
    verb = verbs.add_parser(
        "experiment",
        help="run controlled experiments, each in a process of its own",
        description="A study is a grid of runs. What is finished is kept as one JSON file a run "
        "and never run again; so a study can be stopped at any time, go on later, and be spread "
        "over machines with --shard.",
    )
    actions = verb.add_subparsers(title="actions", metavar="ACTION", required=True)
    listing = actions.add_parser("list", help="the studies and how much of each is done")
    running = actions.add_parser("run", help="run what is missing of a study")
    running.add_argument("study")
    running.add_argument("--shard", type=shard, default=(1, 1), metavar="I/N",
                         help="only part I of N, for the I-th of N machines")  # fmt: skip
    running.add_argument("--jobs", type=int, default=1,
                         help="runs at a time, which share the cores (1)")  # fmt: skip
    running.add_argument("--retry", action="store_true", help="run those that failed once more")
    for parser in (listing, running):
        parser.add_argument("--data", help="data set: tiny-imagenet or sample; the installed one")
        parser.add_argument("--scale", default="small",
                            help="small, for two cores, or full, for a GPU")  # fmt: skip
        parser.add_argument("--results", type=Path,
                            help="folder of results (book/results)")  # fmt: skip
    listing.set_defaults(func=show)
    running.set_defaults(func=run)


def show(options: argparse.Namespace) -> int:
    """Print each study with its question and the runs that are done."""
    from labcode.experiments import results, studies

    where = options.results or results.folder()
    for name in studies.STUDIES:
        study = studies.study(name, _data(options), options.scale)
        done = sum(results.path_of(r, name, where).exists() for r in study.records)
        print(f"{name:10} {done:3} of {len(study.records):3} runs done  {study.question}")
    return 0


def run(options: argparse.Namespace) -> int:
    """Run the study; 0 when all its runs ended well, 3 when one did not."""
    from labcode.experiments import running, studies

    study = studies.study(options.study, _data(options), options.scale)
    where = options.results.resolve() if options.results else None
    found = running.run(
        study, where, shard=options.shard, jobs=options.jobs, retry=options.retry, say=_say
    )
    bad = [result for result in found if result.status != "ok"]
    if bad:
        print(f"{len(bad)} of {len(found)} runs did not end well; --retry runs them once more")
    return 3 if bad else 0


def _say(line: str) -> None:
    print(line, flush=True)


def _data(options: argparse.Namespace) -> str:
    if options.data:
        return options.data
    from labcode.data import open_dataset

    return open_dataset().name


def shard(text: str) -> tuple[int, int]:
    """``I/N`` of the command line as two numbers, 1 <= I <= N."""
    found = re.fullmatch(r"(\d+)/(\d+)", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise argparse.ArgumentTypeError(f"write it as I/N, 1/5 to 5/5 for instance, not {text!r}")
    return int(found[1]), int(found[2])
