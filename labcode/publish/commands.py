"""``labcode execute``: run the chapters into the cache without building the book."""

import argparse
import sys
from pathlib import Path

from labcode.errors import AgreementError, LabcodeError
from labcode.frameworks import FRAMEWORKS


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``execute``."""
    parser = subparsers.add_parser(
        "execute",
        help="run chapters in their frameworks, each in its own kernel, and compare them",
        description="Run chapters whose results are not in the cache, and compare what the "
        "frameworks recorded. The book is then built from the cache without running anything.",
    )
    parser.add_argument(
        "chapters",
        metavar="CHAPTER",
        nargs="*",
        type=Path,
        help="a chapter's .md file (default: every chapter below book/)",
    )
    parser.add_argument(
        "--framework",
        action="append",
        choices=list(FRAMEWORKS),
        help="run this framework only (may be repeated); nothing is compared then",
    )
    parser.add_argument("--force", action="store_true", help="run what is cached, too")
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.set_defaults(func=execute)


def execute(args: argparse.Namespace) -> int:
    """Run the chapters and print the comparisons; 0 when all ran and all agree."""
    # Imported here, so that ``labcode --help`` does not wait for Jupyter.
    from labcode.publish.chapter import read_chapter
    from labcode.publish.contents import read_book
    from labcode.publish.execute import agree, differing_shared_cells, execute_chapters

    root = args.root.resolve()
    if args.chapters:
        chapters = [read_chapter(path, root=root) for path in args.chapters]
    else:
        chapters = list(read_book(root).chapters.values())
    frameworks = tuple(args.framework or FRAMEWORKS)
    executed = execute_chapters(chapters, root=root, frameworks=frameworks, force=args.force)
    failures: list[LabcodeError] = []
    for chapter in chapters:
        found = [executed[chapter.name, f] for f in FRAMEWORKS if (chapter.name, f) in executed]
        if len(found) < 2:
            continue
        for index in differing_shared_cells(chapter, *found):
            line = chapter.cells[index].line
            print(
                f"{chapter.where}:{line}: a cell for both frameworks printed different outputs",
                file=sys.stderr,
            )
        try:
            for comparison in agree(chapter, *found):
                print(f"{chapter.where}: {comparison.message}")
        except AgreementError as error:
            failures.append(error)
    if failures:
        raise AgreementError("\n".join(map(str, failures)))
    return 0
