"""The Sphinx extension: with it, a plain ``jupyter-book build .`` executes, compares and merges.

Before anything is read, every chapter of the contents is executed in both frameworks (the cache
makes this free where nothing changed), so that a failure stops the build. MyST-NB then asks
``read`` for each page's notebook; ``tabs.py`` makes the tabs of what it rendered. It is the student
edition that is built, unless ``use`` was told otherwise.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError

from labcode.downloads import FOLDER
from labcode.errors import ChapterError, LabcodeError
from labcode.files import digest_of_files
from labcode.publish import (
    boxes,
    closing,
    editions,
    exercises,
    grading,
    mathml,
    measured,
    repository,
    site_files,
    status,
)
from labcode.publish.chapter import Chapter
from labcode.publish.contents import Book, read_book
from labcode.publish.page import merge
from labcode.publish.parsing import read_chapter
from labcode.publish.reading import Reading
from labcode.publish.tabs import FrameworkProse, GroupFrameworks

HERE = Path(__file__).parent

REDIRECT = '<!doctype html><meta charset="utf-8"><meta http-equiv="refresh" content="0; url={0}">'


class BookError(SphinxError):
    """A labcode error, as Sphinx reports errors: message without traceback, exit status 2."""

    category = "labcode"


def use(book: Book, edition: str = editions.STUDENT) -> None:
    """Build from ``book``, which has been run already, instead of reading and running it again."""
    Reading.book, Reading.edition = book, edition


def execute(app: Sphinx) -> None:
    """Run the chapters before Sphinx reads the first page."""
    root = Path(app.srcdir).resolve()
    if Reading.book is None or Reading.book.root != root:
        try:
            book = read_book(root)
            book.run()
            use(book)
        except LabcodeError as error:
            raise BookError(str(error)) from error
    Reading.home, Reading.published = app.config.root_doc, repository.of(root)


def remember(app: Sphinx, docname: str, source: list[str]) -> None:
    """Note which page is being read."""
    Reading.docname = docname


def read(text: str) -> object:
    """MyST-NB's reader for ``.md``: the merged notebook of the page that is being read."""
    book, name = Reading.book, Reading.docname
    planned = book.chapters[name]
    try:
        chapter = read_chapter(planned.path, text, root=book.root)
        if chapter.executable and chapter != planned:
            raise ChapterError(f"{chapter.where}:1: changed while the book was built; build again")
        Reading.tasks = exercises.read(chapter)
        executed, comparisons = book.executed.get(name), book.comparisons.get(name, ())
        return merge(chapter, executed, comparisons, Reading.edition, bar(chapter))
    except LabcodeError as error:
        raise BookError(str(error)) from error


def bar(chapter: Chapter) -> str:
    """What the page offers under its title; instructors take notebooks from the course folder."""
    if Reading.edition == editions.INSTRUCTOR:
        return ""
    home = chapter.name == Reading.home and site_files.has_any(Reading.book)
    return site_files.bar(chapter, home, Reading.published)


def outdated(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Pages whose text, results or downloads changed.

    Sphinx itself asks whether the file is younger than its last reading, and so overlooks an edit
    after a clock went back, and a file that was put back with its old time.
    """
    before = getattr(env, "labcode_signatures", {})
    env.labcode_signatures = {
        name: (Reading.book.signature(name), bar(chapter), text_of(chapter))
        for name, chapter in Reading.book.chapters.items()
    }
    whole = status.signature(Reading.book)
    for name in removed:
        (Path(app.outdir) / f"{name}.html").unlink(missing_ok=True)
    now = env.labcode_signatures
    differing = {name for name in now if before.get(name) != now[name]}
    return sorted((differing | status.outdated(env, whole)) & env.found_docs)


def text_of(chapter: Chapter) -> str:
    """A digest of the chapter's file."""
    return hashlib.sha256(chapter.path.read_bytes()).hexdigest()


def headings(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """All pages when a heading changed, for others show it: in the contents, as text of a link.

    They are written again, not read again; Sphinx itself would leave the old heading there.
    """
    labels = env.get_domain("std").labels
    now = [
        sorted((name, title.astext()) for name, title in env.titles.items()),
        sorted(labels.items()),
    ]
    before, env.labcode_headings = getattr(env, "labcode_headings", now), now
    return [] if before == now else sorted(env.found_docs)


def forget_words(app: Sphinx) -> list:
    """Drop from the search index the words that no page has any more; no further pages.

    Sphinx itself keeps them for ever, those of what has become a solution, too.
    """
    indexer = app.builder.indexer
    for words in (indexer._mapping, indexer._title_mapping) if indexer else ():
        for word in [word for word, pages in words.items() if not pages]:
            del words[word]
    return []


def finish(app: Sphinx, error: Exception | None) -> None:
    """Write provenance and downloads beside the pages, and an index.html where there is none."""
    book, edition, out = Reading.book, Reading.edition, Path(app.outdir)
    Reading.book, Reading.edition = None, editions.STUDENT  # a second build reads its own
    refused = app.keep_going and app._warncount  # as Sphinx itself decides after this
    if error is not None or refused or app.builder.format != "html":
        return
    try:
        files = site_files.files(book) if edition == editions.STUDENT else {}
        numbers = {name: measured.numbers(chapter) for name, chapter in book.chapters.items()}
    except LabcodeError as fault:
        raise BookError(str(fault)) from fault
    for path in out.rglob("*.provenance.json"):  # of chapters that are gone, or lost their code
        path.unlink()
    for name, chapter in book.chapters.items():
        executed, comparisons = book.executed.get(name, {}), book.comparisons.get(name, ())
        if not executed and not numbers[name]:
            continue
        made = closing.as_json(chapter, executed, comparisons, numbers[name])
        path = out / f"{name}.provenance.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        # Sorted, for what comes from the cache is.
        told = json.dumps(made, indent=2, ensure_ascii=False, sort_keys=True)
        path.write_text(f"{told}\n", encoding="utf-8")
    write_files(book, out)
    for name in (site_files.NOTEBOOKS, site_files.BINDER):
        inside = {out / path: data for path, data in files.items() if path.startswith(f"{name}/")}
        replace_files(out / name, inside)
    remove_orphans(app, out / "_images")
    if app.config.root_doc != "index":
        target = app.builder.get_target_uri(app.config.root_doc)
        (out / "index.html").write_text(REDIRECT.format(target), encoding="utf-8")


def write_files(book: Book, out: Path) -> None:
    """Put what the pages offer for download beside them, and remove what none offers any more."""
    wanted = {
        (out / name).parent / FOLDER / kept: data
        for name in book.executed
        for kept, data in book.files(name).items()
    }
    for folder in {*(p for p in out.rglob(FOLDER) if p.is_dir()), *(p.parents[1] for p in wanted)}:
        inside = {path: data for path, data in wanted.items() if path.is_relative_to(folder)}
        replace_files(folder, inside)


def replace_files(folder: Path, wanted: Mapping[Path, bytes]) -> None:
    """Leave exactly the files ``wanted`` in ``folder``, and no folder where none are wanted."""
    for path in sorted(folder.rglob("*"), reverse=True):  # a folder after what is in it
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
    for path, data in wanted.items():
        if not path.is_file() or path.read_bytes() != data:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


def remove_orphans(app: Sphinx, folder: Path) -> None:
    """Remove images of earlier results; Sphinx itself leaves them for ever."""
    wanted = {name for _, name in app.env.images.values()}
    for path in folder.glob("*"):
        if path.name not in wanted:
            path.unlink()


def add_static(app: Sphinx, config: object) -> None:
    """Serve our style sheet and script; every page of the instructors' edition says so."""
    config.html_static_path.append(str(HERE / "static"))
    if Reading.edition == editions.INSTRUCTOR:
        config.html_theme_options["announcement"] = (
            f'<span class="lab-notice">{editions.NOTICE}</span>'
        )


def setup(app: Sphinx) -> dict:
    """Register everything; a change of this package's code makes Sphinx read all pages again."""
    # Jupyter Book always sets this value of an extension that we leave out.
    app.add_config_value("comments_config", {}, "html")
    app.add_config_value("labcode_site_branch", repository.BRANCH, "env")
    app.setup_extension("sphinx_tabs.tabs")
    mathml.setup(app)
    measured.setup(app)
    app.add_directive("framework-prose", FrameworkProse)
    app.add_directive("exercise", boxes.ExerciseBox)
    app.add_directive("hint", boxes.Hint, override=True)
    app.add_directive(grading.NAME, boxes.GradingNote)
    app.add_transform(boxes.ExerciseCells)
    app.add_directive("lab-status", status.LabStatus)
    app.add_transform(GroupFrameworks)
    app.add_css_file("labcode.css")
    app.add_js_file("labcode.js")
    app.connect("config-inited", add_static)
    app.connect("builder-inited", execute)
    app.connect("source-read", remember)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", headings)
    app.connect("html-collect-pages", forget_words)
    app.connect("build-finished", finish)
    code = digest_of_files(HERE.glob("*.py"), HERE)
    return {"env_version": int(code[:12], 16), "parallel_read_safe": True,
            "parallel_write_safe": True}  # fmt: skip
