"""What the student edition's site has for download, and the bar under a title that offers it."""

import html
import posixpath
from collections.abc import Iterable

from labcode.errors import ChapterError
from labcode.frameworks import FRAMEWORKS
from labcode.publish import bundles, distribution, repository, wheel
from labcode.publish.chapter import Chapter
from labcode.publish.contents import Book
from labcode.publish.notebooks import NOTEBOOKS, bundle_name, export
from labcode.publish.references import notebook_name
from labcode.publish.repository import Repository

BINDER = ".binder"


def files(book: Book) -> dict[str, bytes]:
    """Path below the site -> bytes: notebooks, bundles, labcode's wheel, and what Binder reads.

    The book need not have been run; the same sources give the same bytes. Raises ChapterError for
    what cannot be exported.
    """
    for chapter in book.chapters.values():
        if chapter.name.split("/")[0] in (NOTEBOOKS, BINDER):
            raise ChapterError(
                f"{chapter.where}:1: the site keeps its downloads in {NOTEBOOKS}/; move the "
                "chapter to another folder"
            )
    if not has_any(book):
        return {}
    notebooks = export(book)
    name, data = wheel.build()
    packed = bundles.bundles(book, notebooks=notebooks)
    found = {f"{NOTEBOOKS}/{key}": value for key, value in {**notebooks, **packed}.items()}
    found[f"{NOTEBOOKS}/{name}"] = data
    if repository.of(book.root):
        lines = {line for key in FRAMEWORKS for line in distribution.requirements(key)}
        listed = "\n".join([f"./{NOTEBOOKS}/{name}", *sorted(lines)])
        (major, minor), _ = distribution.pythons()
        found[f"{BINDER}/requirements.txt"] = f"{listed}\n".encode()
        found[f"{BINDER}/runtime.txt"] = f"python-{major}.{minor}\n".encode()
    return found


def has_any(book: Book) -> bool:
    """True when a chapter has code, and so a notebook to download."""
    return any(chapter.executable for chapter in book.chapters.values())


def bar(chapter: Chapter, home: bool, published: Repository | None) -> str:
    """The bar of a page in HTML, a line for each framework; empty for a page without code.

    ``home`` is the first page of the book, which offers the bundles. The script in
    ``static/labcode.js`` hides the line of the framework that the reader did not choose.
    """
    if not (chapter.executable or home):
        return ""
    up = "../" * chapter.name.count("/")
    lines = "\n".join(
        f'<p class="lab-{key}">{" ".join(_links(chapter, key, up, published))}</p>'
        for key in FRAMEWORKS
    )
    return f'<div class="lab-bar" role="group" aria-label="Downloads">\n{lines}\n</div>'


def _links(
    chapter: Chapter, framework: str, up: str, published: Repository | None
) -> Iterable[str]:
    label, bundle = FRAMEWORKS[framework].label, bundle_name(framework)
    if chapter.executable:
        name = notebook_name(chapter, framework)
        yield _link(f"{up}{NOTEBOOKS}/{name}", f"{label} notebook", "download", name)
    yield _link(f"{up}{NOTEBOOKS}/{bundle}", f"All of Lab 1 in {label}", "file-zipper", bundle)
    if chapter.executable and published:
        path = posixpath.join(NOTEBOOKS, name)
        yield _link(published.colab(path), "Colab", "arrow-up-right-from-square")
        yield _link(published.binder(path), "Binder", "arrow-up-right-from-square")


def _link(address: str, text: str, icon: str, name: str = "") -> str:
    """A link; with ``name`` the browser saves what is behind it as a file of that name."""
    # A browser would show a notebook as text without the attribute.
    how = f'download="{html.escape(name)}"' if name else 'target="_blank" rel="noopener"'
    sign = f'<i class="fa-solid fa-{icon}" aria-hidden="true"></i>'
    return f'<a href="{html.escape(address)}" {how}>{sign} {html.escape(text)}</a>'
