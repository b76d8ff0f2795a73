"""A chapter's ``.md`` file, read and checked: whatever would be lost or misplaced is an error."""

import re
from pathlib import Path

import nbformat
from myst_nb.core.read import MystMetadataParsingError, read_myst_markdown_notebook
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode

from labcode.errors import ChapterError
from labcode.publish import checks, exercises, grading
from labcode.publish.chapter import Cell, Chapter

READER = MdParserConfig(enable_extensions={"colon_fence", "dollarmath"})
"""How a chapter's blocks are told apart; the same extensions as on the page."""


def project_root(path: Path) -> Path:
    """The nearest folder above ``path`` with a ``_config.yml``; else the file's own folder."""
    path = path.resolve()
    return next((p for p in path.parents if (p / "_config.yml").is_file()), path.parent)


def read_chapter(path: Path | str, text: str | None = None, root: Path | None = None) -> Chapter:
    """Read and check the chapter at ``path``, or ``text`` as if it stood there.

    Raises ChapterError beginning with ``file:line`` for whatever would be lost, run twice or
    shown in the wrong tab: an unknown tag, an unbalanced marker, an unclosed fence, ...
    """
    path = Path(path).resolve()
    root = Path(root).resolve() if root else project_root(path)
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    if text is None:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ChapterError(f"{where}:1: cannot read the chapter: {error}") from error
    if not text.strip():
        raise ChapterError(f"{where}:1: the file is empty; begin it with a heading")
    checks.fences(text, where, READER)
    notebook = _parse(text, where, path)
    lines = text.splitlines()
    cells = []
    for node, start in zip(notebook.cells, notebook.metadata.pop("source_map"), strict=True):
        cells.append(_cell(node, start, lines, where))
    checks.cells(cells, where, READER)
    cells, notes = grading.take(cells, where)
    chapter = Chapter(
        path=path,
        name=where.removesuffix(path.suffix),
        title=_title(text, path),
        cells=tuple(cells),
        metadata=_plain(notebook.metadata),
        notes=notes,
    )
    exercises.read(chapter)  # a fault must stop whatever is made of the chapter
    return chapter


def _parse(text: str, where: str, path: Path) -> NotebookNode:
    """The notebook as MyST-NB reads it, its complaints turned into ChapterError."""
    try:
        return read_myst_markdown_notebook(text, READER, add_source_map=True, path=path)
    except MystMetadataParsingError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else _front_matter_line(str(error))
        inner = re.search(r"msg='(.*?)'", str(error))
        reason = inner.group(1) if inner else str(error)
        raise ChapterError(f"{where}:{line}: the cell's options are unreadable: {reason}") from None
    except nbformat.ValidationError as error:
        # Front matter or a cell's options that a notebook cannot hold; jupytext refuses them too.
        wrong = str(error.instance)
        numbered = enumerate(text.splitlines(), start=1)
        line = next(
            (i for i, t in numbered if re.match(rf"\s*:?\w+: *{re.escape(wrong)}\s*$", t)), 1
        )
        raise ChapterError(f"{where}:{line}: not a valid notebook: {error.message}") from None


def _front_matter_line(complaint: str) -> int:
    """The line that YAML's last complaint is about; its own count starts after the ``---``."""
    found = re.findall(r"line (\d+), column", complaint)
    return int(found[-1]) + 1 if found else 1


def _cell(node: NotebookNode, start: int, lines: list[str], where: str) -> Cell:
    """A cell with the line of its source; ``start`` is MyST-NB's idea of where it begins."""
    metadata = _plain(node.metadata)
    tags = metadata.pop("tags", [])
    source_lines = node.source.splitlines()
    first = start
    if source_lines:
        # `start` points before the options (code) or before blank lines (prose).
        candidates = range(start, len(lines) - len(source_lines) + 1)
        first = next((i for i in candidates if _same(lines, i, source_lines)), start)
    if node.cell_type == "raw":
        raise ChapterError(f"{where}:{start}: raw cells are not shown on the page; use prose")
    framework = checks.tags(tags, where, lines, start, first)
    return Cell(node.cell_type, node.source, tuple(tags), framework, first + 1, metadata)


def _same(lines: list[str], at: int, wanted: list[str]) -> bool:
    found = (line.rstrip() for line in lines[at : at + len(wanted)])
    return list(found) == [line.rstrip() for line in wanted]


def _title(text: str, path: Path) -> str:
    """The first heading, or the file's name."""
    found = checks.first_heading(text, READER)
    return found if found else path.stem


def _plain(node: object) -> object:
    """NotebookNodes as ordinary dicts and lists."""
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, (list, tuple)):
        return [_plain(value) for value in node]
    return node
