"""``labcode execute``, ``notebooks``, ``bundles``, ``assignment``: chapters without the book."""

import argparse
import sys
from pathlib import Path

from labcode.errors import AgreementError, LabcodeError
from labcode.experiments.commands import shard
from labcode.files import atomic_write
from labcode.frameworks import FRAMEWORKS


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``execute``, ``notebooks``, ``bundles`` and ``assignment``."""
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
    parser.add_argument(
        "--shard",
        type=shard,
        metavar="I/N",
        help="only part I of N, for the I-th of N machines; packed by book/durations.json",
    )
    parser.add_argument("--force", action="store_true", help="run what is cached, too")
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.set_defaults(func=execute)

    parser = subparsers.add_parser(
        "notebooks",
        help="write each chapter as a notebook for each framework",
        description="Write the chapters as notebooks, without running them. The student edition "
        "is what nbgrader releases; the solution edition is what it takes as source.",
    )
    parser.add_argument(
        "--edition", choices=("student", "solution"), default="student", help="default: student"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the folder to write into (default: _build/notebooks-EDITION below the root)",
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.set_defaults(func=notebooks)

    parser = subparsers.add_parser(
        "bundles",
        help="pack the students' notebooks with labcode, one archive a framework",
        description="Pack what a student needs for one framework: notebooks, labcode as a wheel, "
        "requirements and a README.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the folder to write into (default: _build/bundles below the root)",
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.set_defaults(func=bundles)

    parser = subparsers.add_parser(
        "assignment",
        help="write the course folder in which nbgrader releases and grades the lab",
        description="Write nbgrader's course folder: its configuration, and for each framework an "
        "assignment with the solution edition of all notebooks. Run again, it brings the sources "
        "up to date and touches nothing else. Keep the folder private.",
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="the folder to write into (default: _build/course below the root)",
    )
    parser.add_argument(
        "--root", type=Path, default=Path.cwd(), help="the project's folder (default: this one)"
    )
    parser.set_defaults(func=assignment)


def execute(args: argparse.Namespace) -> int:
    """Run the chapters and print the comparisons; 0 when all ran and all agree."""
    # Imported here, so that ``labcode --help`` does not wait for Jupyter.
    from labcode.publish import shards
    from labcode.publish.contents import read_book
    from labcode.publish.execute import agree, differing_shared_cells, execute_chapters
    from labcode.publish.parsing import read_chapter

    root = args.root.resolve()
    if args.chapters:
        chapters = [read_chapter(path, root=root) for path in args.chapters]
    else:
        chapters = list(read_book(root).chapters.values())
    frameworks = tuple(args.framework or FRAMEWORKS)
    only = None
    if args.shard:
        jobs = [(chapter.name, f) for chapter in chapters if chapter.executable for f in frameworks]
        only = shards.of(*args.shard, jobs, root)
        print(f"part {args.shard[0]} of {args.shard[1]}: {len(only)} of {len(jobs)} notebooks")
    executed = execute_chapters(
        chapters, root=root, frameworks=frameworks, only=only, force=args.force
    )
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


def notebooks(args: argparse.Namespace) -> int:
    """Write the notebooks of one edition and say where; 0."""
    from labcode.publish.contents import read_book
    from labcode.publish.notebooks import export

    root = args.root.resolve()
    output = args.output or root / "_build" / f"notebooks-{args.edition}"
    found = export(read_book(root), args.edition)
    # A folder with both editions, or with a chapter's earlier name, would be given away by mistake.
    others = sorted({path.name for path in output.glob("*.ipynb")} - found.keys())
    if others:
        raise LabcodeError(
            f"{output} holds a notebook that this book does not have: {others[0]}; "
            "move it away, or give another folder with --output"
        )
    write(found, output)
    print(f"{len(found)} notebooks, {args.edition} edition, in {output}")
    return 0


def bundles(args: argparse.Namespace) -> int:
    """Write the bundles and say where; 0."""
    from labcode.downloads import size_in_words
    from labcode.publish import bundles
    from labcode.publish.contents import read_book

    root = args.root.resolve()
    output = args.output or root / "_build" / "bundles"
    found = bundles.bundles(read_book(root))
    write(found, output)
    for name, data in found.items():
        print(f"{output / name}: {size_in_words(len(data))}")
    return 0


def assignment(args: argparse.Namespace) -> int:
    """Write the course folder, and say what changed and what to type next; 0."""
    from labcode.publish import assignment
    from labcode.publish.contents import read_book

    root = args.root.resolve()
    written = assignment.write(read_book(root), args.output or root / "_build" / "course")
    kept = "" if written.configured else "; its nbgrader_config.py is yours and was kept"
    print(f"course folder: {written.folder}{kept}")
    for name, changed in written.changed.items():
        print(f"{name}: {len(changed)} notebooks new or changed")
        if changed:
            again = (written.folder / "release" / name).exists()
            print(f"  nbgrader generate_assignment {name}{' --force' if again else ''}")
    return 0


def write(files: dict[str, bytes], folder: Path) -> None:
    """Write ``files``, name -> bytes, into ``folder``."""
    for name, data in files.items():
        atomic_write(folder / name, data)
