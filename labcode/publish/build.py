"""``labcode book``: execute, build with warnings as errors, and publish the site in one step.

Sphinx works in ``_build/work``; ``_build/html`` is only ever a finished site, put there by a
rename; the instructors' edition has both folders of its own. A working folder that a build did not
finish, or whose settings changed, is thrown away, because Sphinx would take its half-written pages,
and pages that it warned about, for good ones.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from labcode.errors import LabcodeError
from labcode.files import digest_of_files
from labcode.publish import editions

if TYPE_CHECKING:
    from labcode.publish.contents import Book

TOOLS = ("sphinx", "jupyter-book", "myst-nb", "myst-parser", "sphinx-book-theme", "sphinx-tabs",
         "sphinx-design", "sphinx-copybutton", "pygments", "docutils", "nbgrader",
         "nbformat")  # fmt: skip
STAMP = ".stamp.json"


class BuildError(LabcodeError):
    """Sphinx refused the book; it has printed why."""


def add_parser(subparsers: argparse._SubParsersAction) -> None:
    """Register ``labcode book``."""
    parser = subparsers.add_parser(
        "book", help="execute the chapters and build the site into _build/html"
    )
    parser.add_argument("--root", type=Path, default=Path(), help="folder with _toc.yml")
    parser.add_argument(
        "--fresh", action="store_true", help="execute every notebook again, whatever is cached"
    )
    parser.add_argument(
        "--edition",
        choices=editions.EDITIONS,
        default=editions.STUDENT,
        help="instructor shows solutions, hidden tests and grading notes, "
        "in _build/html-instructor (default: student)",
    )
    parser.set_defaults(func=lambda args: build(args.root, fresh=args.fresh, edition=args.edition))


def build(root: Path, *, fresh: bool = False, edition: str = editions.STUDENT) -> int:
    """Build the book at ``root`` and print what was done; 0 when the site stands.

    Raises LabcodeError when a chapter, its execution, the agreement or Sphinx fails; the site of
    the last good build is then still in place.
    """
    # Imported here, and Sphinx further below: the command line of a student has no Sphinx, and a
    # build that changes nothing need not wait for it.
    from labcode.data import open_dataset
    from labcode.publish.contents import read_book

    root = Path(root).resolve()
    book = read_book(root)
    # A first open generates or decodes images, and says so: its time is the data's, not the book's.
    dataset = open_dataset().describe()
    start = time.perf_counter()
    folder = root / "_build"
    folder.mkdir(exist_ok=True)
    with only_build(folder):
        book.run(force=fresh, dataset=dataset)
        inputs = digests(book)
        site, work = (folder / name for name in editions.folders(edition))
        unchanged = not fresh and is_current(site, inputs)
        if not unchanged:
            run_sphinx(book, work, inputs["settings"], fresh, edition)
            publish(work / "html", site, inputs)
    print(summary(book, site, time.perf_counter() - start, unchanged))
    return 0


@contextmanager
def only_build(folder: Path) -> Iterator[None]:
    """Hold the lock of this checkout; a second build says that it waits, and waits."""
    import fcntl  # not on Windows, where the rest of the command line still works

    with open(folder / ".lock", "w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another build runs in this checkout; waiting for it to end", flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digests(book: Book) -> dict[str, str]:
    """Digests of all that the site depends on: ``settings`` (of every page) and ``content``."""
    from labcode.publish import distribution, wheel

    here = Path(__file__).parent
    code = [p for p in here.rglob("*") if p.suffix in (".py", ".css", ".js")]
    fixed = [path for name in ("_config.yml", "_toc.yml") if (path := book.root / name).is_file()]
    settings = [digest_of_files(code, here), digest_of_files(fixed, book.root), sys.version]
    settings += [metadata.version(tool) for tool in TOOLS]
    folders = {book.root / name.split("/")[0] for name in book.chapters if "/" in name}
    files = {chapter.path for chapter in book.chapters.values()}
    found = (p for folder in folders for p in folder.rglob("*") if p.is_file())
    # Hidden folders hold what editors and Jupyter save on their own.
    files |= {p for p in found if not any(part.startswith(".") for part in p.parts[-3:])}
    content = [digest_of_files(files, book.root), *map(book.signature, book.chapters)]
    # What is for download is made of labcode itself, and names the versions of the lock.
    content += [hashlib.sha256(wheel.build()[1]).hexdigest(), distribution.locked()]
    return {"settings": digest(settings), "content": digest(content)}


def digest(parts: object) -> str:
    """Hex SHA-256 of anything that JSON can write."""
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def listing(site: Path) -> str:
    """Digest of the names, sizes and times of the files of a site; not of its stamp."""
    files = sorted(p for p in site.rglob("*") if p.is_file() and p.name != STAMP)
    found = [(p.relative_to(site).as_posix(), p.stat()) for p in files]
    return digest([(name, stat.st_size, stat.st_mtime_ns) for name, stat in found])


def is_current(site: Path, inputs: dict[str, str]) -> bool:
    """True when ``site`` was made from these inputs and nobody touched it since."""
    try:
        stamp = json.loads((site / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return stamp == {**inputs, "files": listing(site)}


def run_sphinx(book: Book, folder: Path, settings: str, fresh: bool, edition: str) -> None:
    """Build into ``folder/html``, reading again only what changed. Raises BuildError."""
    complete = folder / "complete"
    if fresh or not complete.is_file() or complete.read_text(encoding="utf-8") != settings:
        shutil.rmtree(folder, ignore_errors=True)
    complete.unlink(missing_ok=True)

    from jupyter_book.sphinx import build_sphinx

    from labcode.publish import sphinx_ext

    print(f"building {len(book.chapters)} pages", flush=True)
    sphinx_ext.use(book, edition)
    status = build_sphinx(
        book.root,
        folder / "html",
        noconfig=True,
        path_config=book.root / "_config.yml",
        confoverrides={
            "external_toc_path": str(book.root / "_toc.yml"),
            "latex_individualpages": False,
        },
        warningiserror=True,
        keep_going=True,
        quiet=True,
    )
    if status:
        raise BuildError("the book was not built: Sphinx's warnings, above, count as errors")
    complete.write_text(settings, encoding="utf-8")


def publish(built: Path, site: Path, inputs: dict[str, str]) -> None:
    """Put a copy of ``built`` in the place of ``site``; a reader never sees half of it."""
    new, old = (site.with_name(f".{site.name}-{age}") for age in ("new", "old"))
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    shutil.copytree(built, new, ignore=shutil.ignore_patterns(".buildinfo"))
    stamp = {**inputs, "files": listing(new)}
    (new / STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    if site.exists():
        os.rename(site, old)
    os.rename(new, site)
    shutil.rmtree(old, ignore_errors=True)


def summary(book: Book, site: Path, seconds: float, unchanged: bool) -> str:
    """Where the site is, how many pages, and where the time went."""
    runs = [run for executed in book.executed.values() for run in executed.values()]
    done = [run for run in runs if not run.from_cache]
    execution = sum(run.meta["seconds"] for run in done)
    whole = sum(run.meta["seconds"] for run in runs)
    own = max(seconds - execution, 0.0)
    share = f" ({own / whole:.1%} of the {whole:.1f} s that all notebooks take)" if whole else ""
    return (
        f"{len(book.chapters)} pages, {len(runs)} notebooks: {len(done)} executed, "
        f"{len(runs) - len(done)} from the cache"
        f"{'; nothing changed, the site stands' if unchanged else ''}\n"
        f"{seconds:.1f} s in all, {execution:.1f} s of it execution; "
        f"overhead {own:.1f} s{share}\n"
        f"open {site / 'index.html'}"
    )
