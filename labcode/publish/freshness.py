"""No output of a built site is older than what it was made from: ``faults`` names each that is.

Every key is computed again from the sources as they are now and compared with the one that the
page tells. Prose is not in a key, but for its measured numbers, which are computed again, too.
"""

import math
from collections.abc import Iterable, Iterator
from pathlib import Path

from nbformat import NotebookNode

from labcode.downloads import FOLDER
from labcode.experiments.quantities import QuantityError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import measured, told
from labcode.publish.chapter import Chapter, project
from labcode.publish.contents import Book
from labcode.publish.keys import Keys

WORDS = {
    "cells": "its code",
    "package": "labcode",
    "requirements": "requirements.txt",
    "dataset": "the data set",
    "results": "the recorded runs",
    "profile": "the profile",
    "device": "the class of device",
    "python": "Python",
}
"""The parts of a key as a person calls them."""

PLAIN = ("profile", "device", "python")
"""Parts that say something by themselves; the others are digests."""


def faults(book: Book, site: Path, keys: Keys) -> Iterator[str]:
    """A sentence for each fault of ``site``, which begins with the page's name.

    ``book`` need not have been run; ``keys`` are those of now.
    """
    for name, chapter in book.chapters.items():
        yield from (f"{name}: {fault}" for fault in _of_page(chapter, site, keys))
    for name in sorted(pages(site, book.chapters) - book.chapters.keys()):
        yield f"{name}: the book has no such page"


def pages(site: Path, chapters: Iterable[str]) -> set[str]:
    """What ``site`` has for pages: all in the folders of ``chapters``, and all with provenance.

    Sphinx has pages of its own elsewhere; what a cell offers for download is no page.
    """
    folders = {name.split("/")[0] for name in chapters if "/" in name}
    found = (path for folder in folders for path in (site / folder).rglob("*.html"))
    shown = (path.relative_to(site).with_suffix("") for path in found if FOLDER not in path.parts)
    return {path.as_posix() for path in shown} | told.names(site)


def _of_page(chapter: Chapter, site: Path, keys: Keys) -> Iterator[str]:
    path = site / f"{chapter.name}.html"
    if not path.is_file():
        yield "the page is missing"
        return
    try:
        numbers = measured.numbers(chapter)
    except QuantityError as error:
        yield f"a number of its prose cannot be computed any more: {error}"
        return
    if not chapter.executable and not numbers:
        if (path.parent / f"{path.stem}{told.SUFFIX}").exists():
            yield "it tells how it was executed, and has no code any more"
        return
    try:
        page = told.page(site, chapter.name)
    except told.ToldError as error:
        yield str(error)
        return
    yield from _of_numbers(numbers, page.get("numbers", {}))
    html = path.read_text(encoding="utf-8")
    for framework in dict.fromkeys((*chapter.frameworks, *page["notebooks"])):
        label, run = FRAMEWORKS[framework].label, page["notebooks"].get(framework)
        if run is None:
            yield f"{label} is missing"
        elif framework not in chapter.frameworks:
            yield f"it tells of {label}, and has no code any more"
        elif run["key"] not in html:
            yield f"the page and its {told.SUFFIX} are of different builds"
        else:
            notebook = project(chapter, framework)
            if run["key"] != keys.key(notebook, framework):
                why = changed(run.get("inputs"), notebook, framework, keys)
                yield f"{label} ran before a change of {why}"


def changed(then: dict | None, notebook: NotebookNode, framework: str, keys: Keys) -> str:
    """Which inputs are no longer what they were ``then``, in words."""
    now = keys.inputs(notebook, framework)
    parts = []
    for part, value in now.items():
        before = (then or {}).get(part, value)
        if before != value:
            more = f" ({before or 'none'}, now {value})" if part in PLAIN else ""
            parts.append(WORDS[part] + more)
    return " and ".join(parts) or "its inputs, of which the page does not tell more"


def _of_numbers(now: dict[str, float], then: dict[str, float]) -> Iterator[str]:
    """Measured numbers of the prose that the page has otherwise, or not at all."""
    for name, value in now.items():
        if name not in then:
            yield f"it does not state {name} yet"
        elif not math.isclose(then[name], value, rel_tol=1e-9):  # another machine may round
            yield f"it states {name} as {then[name]:.6g}, and the recorded runs say {value:.6g}"
