"""Lines and names of some cells of a notebook, counted from their source."""

import ast
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass

from labcode.errors import ChapterError
from labcode.usability import lines, names


@dataclass(frozen=True)
class Count:
    """What some code makes its writer type and know.

    ``statements`` and ``lines`` are sizes, as ``labcode.usability.lines`` defines them; ``names``
    are the distinct names of frameworks' interfaces (``labcode.usability.names``), ``keywords`` the
    distinct keyword arguments handed to them, ``packages`` those that the code imports or uses;
    Python's own, NumPy and labcode are left out. All sorted.
    """

    statements: int
    lines: int
    names: tuple[str, ...]
    keywords: tuple[str, ...]
    packages: tuple[str, ...]

    def asdict(self) -> dict:
        """The count as JSON knows it."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items()}


def count(cells: Sequence[str], chosen: Collection[int] | None = None, where: str = "") -> Count:
    """Count the cells with the indices ``chosen`` (all, if none are given) of a notebook.

    The other cells are read too, since they may hold imports, aliases and functions that the chosen
    ones use. Raises ChapterError, beginning with ``where``, for a cell that is not Python.
    """
    wanted = [chosen is None or i in chosen for i in range(len(cells))]
    trees = []
    for i, source in enumerate(cells):
        try:
            trees.append(ast.parse(source))
        except SyntaxError as error:
            told = f"line {error.lineno} of code cell {i + 1} is not Python: {error.msg}"
            raise ChapterError(f"{where}:1: {told}; counting needs plain Python") from None
    found = names.find(trees, wanted)
    picked = [(cells[i], tree) for i, tree in enumerate(trees) if wanted[i]]
    return Count(
        statements=sum(lines.statements(tree, found.unneeded) for _, tree in picked),
        lines=sum(lines.lines(source, tree, found.unneeded) for source, tree in picked),
        names=tuple(sorted(found.used)),
        keywords=tuple(sorted(found.keywords)),
        packages=tuple(sorted(found.packages)),
    )
