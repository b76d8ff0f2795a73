"""The book as ``_toc.yml`` lists it: its chapters, run in both frameworks and compared."""

import functools
import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

from labcode.agreement import Comparison
from labcode.errors import ChapterError
from labcode.experiments import measured
from labcode.publish import cache
from labcode.publish.chapter import Chapter
from labcode.publish.execute import Executed, agree, execute_chapters
from labcode.publish.parsing import read_chapter


@dataclass
class Book:
    """The chapters by name in the order of the contents; results only for those with code.

    ``executed[name]`` maps a framework's key to its executed notebook; ``comparisons[name]`` is
    what both recorded.
    """

    root: Path
    chapters: dict[str, Chapter]
    executed: dict[str, dict[str, Executed]] = field(default_factory=dict)
    comparisons: dict[str, list[Comparison]] = field(default_factory=dict)

    def run(self, **options: object) -> None:
        """Execute what the cache does not have, and compare; ``options`` go to execute_chapters.

        Raises ExecutionError or AgreementError.
        """
        with_code = [chapter for chapter in self.chapters.values() if chapter.executable]
        done = execute_chapters(with_code, root=self.root, **options)
        for chapter in with_code:
            runs = {key: done[chapter.name, key] for key in chapter.frameworks}
            self.comparisons[chapter.name] = agree(chapter, *runs.values())
            self.executed[chapter.name] = runs

    def signature(self, name: str) -> str:
        """Changes exactly when the results shown on the page do."""
        runs = self.executed.get(name, {})
        told = {key: [run.meta["key"], run.meta["provenance"]] for key, run in runs.items()}
        if states_numbers(self.chapters[name]):
            told[measured.ROLE] = self._measured
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    @functools.cached_property
    def _measured(self) -> list[str]:
        """Changes when a measured number of the prose may: with the results, or with labcode."""
        return [cache.results_digest(self.root), cache.package_digest()]

    def files(self, name: str) -> dict[str, bytes]:
        """What the page offers for download: ``<sha256[:12]>/<name>`` -> bytes."""
        runs = self.executed.get(name, {}).values()
        return {name: data for run in runs for name, data in run.files.items()}


def read_book(root: Path) -> Book:
    """Read and check every chapter of ``root/_toc.yml``. Raises ChapterError with file and line."""
    root = Path(root).resolve()
    toc = root / "_toc.yml"
    try:
        names = list(parse_toc_yaml(toc))
    except FileNotFoundError:
        raise ChapterError(f"{toc}: there is no table of contents here; give --root") from None
    except MalformedError as error:
        raise ChapterError(f"_toc.yml:1: {error}") from error
    chapters = {}
    for name in (name.removesuffix(".md") for name in names):
        path = root / f"{name}.md"
        if not path.is_file():
            raise ChapterError(f"_toc.yml:{line_of(toc, name)}: there is no file {name}.md")
        chapters[name] = read_chapter(path, root=root)
    return Book(root, chapters)


def states_numbers(chapter: Chapter) -> bool:
    """True when the prose of the chapter, its grading notes included, has a measured number."""
    prose = [cell.source for cell in chapter.cells if cell.kind == "markdown"]
    notes = [note.block.text for note in chapter.notes]
    return any(f"{{{measured.ROLE}}}`" in text for text in prose + notes)


def line_of(path: Path, text: str) -> int:
    """The 1-based number of the first line of ``path`` that holds ``text``."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return next((number for number, line in enumerate(lines, 1) if text in line), 1)
