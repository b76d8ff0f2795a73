"""What the book's labels and files are called, and where a notebook's reader finds them."""

import posixpath
import re
from collections.abc import Mapping

from labcode.publish import directives
from labcode.publish.chapter import Chapter

SCHEME = re.compile(r"(https?|mailto):")


def notebook_name(chapter: Chapter, framework: str) -> str:
    """The file name of a chapter's notebook: ``03-exploration-pytorch.ipynb``."""
    return f"{posixpath.basename(chapter.name)}-{framework}.ipynb"


class References:
    """All labels of the chapters of a book, and their titles."""

    def __init__(self, chapters: Mapping[str, Chapter]):
        self.chapters = chapters
        self.labels: dict[str, tuple[str, str | None]] = {}
        for chapter in chapters.values():
            for cell in chapter.cells:
                if cell.kind == "markdown":
                    self._index(chapter.name, cell.source)

    def find(self, target: str, chapter: Chapter) -> tuple[str, str | None] | None:
        """The chapter's name and the title that ``#label`` or ``file.md`` in ``chapter`` means.

        None for a target that is not in the book; the title is None where no heading follows.
        """
        path, _, label = target.partition("#")
        if label:
            found = self.labels.get(label)
            folder = posixpath.dirname(chapter.name)
            if found and path and self._name(path, folder) != found[0]:
                return None
            return found
        name = self._name(path, posixpath.dirname(chapter.name))
        return (name, self.chapters[name].title) if name in self.chapters else None

    @staticmethod
    def _name(path: str, folder: str) -> str:
        return posixpath.normpath(posixpath.join(folder, path)).removesuffix(".md")

    def _index(self, name: str, source: str) -> None:
        """Give each label the heading right after it, if there is one."""
        waiting: list[str] = []
        tokens = directives.parse(source, inline=False)
        for token, after in zip(tokens, [*tokens, None][1:], strict=True):
            if token.level:
                continue
            if token.type == "myst_target":
                waiting.append(token.content)
            elif waiting:
                title = after.content if token.type == "heading_open" else None
                self.labels.update((label, (name, title)) for label in waiting)
                waiting = []
        self.labels.update((label, (name, None)) for label in waiting)
