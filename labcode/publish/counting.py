"""Usability by count: the book's own chapters, rooms and packages, counted in both frameworks."""

import ast
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from labcode import provenance
from labcode.errors import ChapterError
from labcode.experiments.records import Usability
from labcode.frameworks import FRAMEWORKS
from labcode.publish.chapter import Cell
from labcode.publish.parsing import read_chapter
from labcode.usability.activities import ACTIVITIES, Activity, Piece
from labcode.usability.concepts import concepts_of
from labcode.usability.counts import Count
from labcode.usability.counts import count as count_cells

OWN = {"pytorch": {"torch"}, "tensorflow": {"tensorflow", "keras"}}
"""The packages that are the framework itself."""

UNSEEN = {"torch.utils.tensorboard": "tensorboard", "keras.callbacks.TensorBoard": "tensorboard"}
"""Parts of a framework that import a package which does not come with it."""

_LABEL = re.compile(r"^\(([\w-]+)\)=\s*$", re.MULTILINE)
_PASSED_OVER = {"remove-cell", "exercise", "check"}


def count(root: Path | str, activities: Mapping[str, Activity] = ACTIVITIES) -> dict:
    """What the book of the project at ``root`` shows of both frameworks' usability, for JSON.

    ``activities``: name -> title and, for each framework, a ``Count`` of its pieces together with
    the ``concepts`` of its names and the packages to ``add`` to the framework. ``rooms``: file ->
    framework -> statements, lines and number of names. ``beside``: framework -> the same for the
    modules of labcode that only its room imports. ``extras``: framework -> what pyproject.toml
    adds to it. Raises ChapterError when a piece is not where ACTIVITIES says it is, and for a
    name that belongs to no concept.
    """
    book = _Book(Path(root).resolve())
    told = {}
    for name, activity in activities.items():
        told[name] = {"title": activity.title}
        for framework in FRAMEWORKS:
            told[name][framework] = _activity(book, activity.pieces[framework], framework)
    return {
        "activities": told,
        "rooms": _rooms(book.root),
        "beside": _beside(book.root),
        "extras": _extras(book.root),
    }


def run(record: Usability, turn: Callable[[], object] | None = None) -> tuple[dict, None]:
    """The count of this project as an experiment: its outcome, and no data set.

    A count takes no turns with other runs, since nothing in it is a time.
    """
    return count(provenance.PROJECT), None


class _Book:
    """Chapters and modules, each read once."""

    def __init__(self, root: Path):
        self.root = root
        self._cells: dict[str, list[Cell]] = {}
        self._sections: dict[str, list[str]] = {}

    def notebook(self, source: str, framework: str) -> tuple[list[Cell], list[str]]:
        """The code cells of one framework's notebook, and the label of each one's section."""
        if source not in self._cells:
            chapter = read_chapter(self.root / f"{source}.md", root=self.root)
            label, cells, sections = "", [], []
            for cell in chapter.cells:
                if cell.kind == "code":
                    cells.append(cell)
                    sections.append(label)
                else:
                    label = (_LABEL.findall(cell.source) or [label])[-1]
            self._cells[source], self._sections[source] = cells, sections
        pairs = zip(self._cells[source], self._sections[source], strict=True)
        kept = [(one, label) for one, label in pairs if one.framework in (None, framework)]
        return [one for one, _ in kept], [label for _, label in kept]


def _activity(book: _Book, pieces: tuple[Piece, ...], framework: str) -> dict:
    by_source: dict[str, list[Piece]] = {}
    for piece in pieces:
        by_source.setdefault(piece.source, []).append(piece)
    counts = []
    for source, wanted in by_source.items():
        if source.endswith(".py"):
            module = (book.root / source).read_text(encoding="utf-8")
            parts = [_function(module, piece) for piece in wanted]
            counts.append(count_cells([module, *parts], range(1, 1 + len(parts)), source))
        else:
            cells, sections = book.notebook(source, framework)
            chosen = {_find(cells, sections, piece, framework) for piece in wanted}
            counts.append(count_cells([one.source for one in cells], chosen, source))
    total = _sum(counts)
    told = total.asdict()
    told["concepts"] = list(concepts_of(total.names, total.keywords))
    told["add"] = _to_add(total, framework)
    return told


def _find(cells: list[Cell], sections: list[str], piece: Piece, framework: str) -> int:
    """The index of the cell that a piece means."""
    word = re.compile(rf"\b{re.escape(piece.name)}\b")
    for i, (cell, section) in enumerate(zip(cells, sections, strict=True)):
        if section != piece.section or _PASSED_OVER & set(cell.tags):
            continue
        if word.search("\n".join(_identifiers(cell.source))):
            return i
    raise ChapterError(
        f"{piece.source}.md:1: no {framework} cell under ({piece.section})= uses the name "
        f"{piece.name}; it is counted for usability, so tell labcode/usability/activities.py where "
        "it went"
    )


def _identifiers(source: str) -> list[str]:
    """Every name that a cell's code spells out, strings and comments left out."""
    found = []
    for node in ast.walk(ast.parse(source)):
        for field in ("id", "attr", "name", "arg", "asname"):
            if isinstance(getattr(node, field, None), str):
                found.append(getattr(node, field))
    return found


def _function(module: str, piece: Piece) -> str:
    for node in ast.parse(module).body:
        if isinstance(node, ast.FunctionDef) and node.name == piece.name:
            return ast.get_source_segment(module, node)
    raise ChapterError(
        f"{piece.source}:1: there is no function {piece.name}; it is counted for usability, so "
        "tell labcode/usability/activities.py where it went"
    )


def _sum(counts: list[Count]) -> Count:
    def union(name: str) -> tuple[str, ...]:
        return tuple(sorted({one for each in counts for one in getattr(each, name)}))

    return Count(
        statements=sum(each.statements for each in counts),
        lines=sum(each.lines for each in counts),
        names=union("names"),
        keywords=union("keywords"),
        packages=union("packages"),
    )


def _rooms(root: Path) -> dict:
    """Each file that both rooms have, and all of them together."""
    folders = {key: root / "labcode" / key for key in FRAMEWORKS}
    names = [{path.name for path in folder.glob("*.py")} for folder in folders.values()]
    files = sorted(set.intersection(*names) - {"__init__.py"})
    return {
        file: {key: _module(folder / file) for key, folder in folders.items()} for file in files
    }


def _beside(root: Path) -> dict:
    """Modules of labcode that one room imports and the other one does not."""
    imported = {}
    for key in FRAMEWORKS:
        paths = (root / "labcode" / key).glob("*.py")
        imported[key] = {name for path in paths for name in _imports(path)} - set(FRAMEWORKS)
    told = {}
    for key in FRAMEWORKS:
        others = set().union(*(imported[other] for other in FRAMEWORKS if other != key))
        alone = sorted(imported[key] - others)
        told[key] = {f"{name}.py": _module(root / "labcode" / f"{name}.py") for name in alone}
    return told


def _imports(path: Path) -> set[str]:
    """The modules of labcode that a module imports from: ``batches``, ``trace``, ..."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "labcode":
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("labcode."):
            found.add(node.module.split(".")[1])
    return found


def _module(path: Path) -> dict:
    counted = count_cells([path.read_text(encoding="utf-8")], where=path.name)
    sizes = {"statements": counted.statements, "lines": counted.lines}
    return {**sizes, "names": len(counted.names), "keywords": len(counted.keywords)}


def _extras(root: Path) -> dict:
    """What the project's own optional dependencies add to each framework, without versions."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"]
    names = {key: {Requirement(one).name for one in listed[key]} for key in FRAMEWORKS}
    return {key: sorted(names[key] - OWN[key]) for key in FRAMEWORKS}


def _to_add(counted: Count, framework: str) -> list[str]:
    """The distributions that the code needs and that installing the framework does not bring."""
    packages = set(counted.packages) - OWN[framework]
    needed = {_distributions()[name][0] for name in packages}
    for part, distribution in UNSEEN.items():
        if any(f"{name}.".startswith(f"{part}.") for name in counted.names):
            needed.add(distribution)
    brought = set().union(*(_brings(name) for name in OWN[framework]))
    return sorted(name for name in needed if _plain(name) not in brought)


_distributions = cache(metadata.packages_distributions)


@cache
def _brings(distribution: str) -> set[str]:
    """What installing a distribution installs, itself included, extras left out."""
    found, ahead = set(), [_plain(distribution)]
    while ahead:
        name = ahead.pop()
        if name in found:
            continue
        found.add(name)
        try:
            listed = metadata.requires(name) or []
        except metadata.PackageNotFoundError:  # not for this system or this Python
            continue
        for requirement in map(Requirement, listed):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                ahead.append(_plain(requirement.name))
    return found


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
