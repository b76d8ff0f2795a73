"""Which names a cell needs and binds: a student's notebook must run without the hidden cells."""

import ast
from collections.abc import Iterable, Iterator

from IPython.core.inputtransformer2 import TransformerManager

from labcode.errors import ChapterError
from labcode.publish.chapter import Cell

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
SIMPLE = (ast.Assign, ast.AugAssign, ast.AnnAssign, ast.Expr, ast.Assert, ast.Delete, ast.Raise)


def check(cells: Iterable[Cell], where: str) -> None:
    """No visible code cell needs a name that only a cell tagged ``remove-cell`` binds.

    ``cells`` are one framework's code cells in their order. Raises ChapterError with file:line.
    """
    visible: set[str] = set()
    hidden: dict[str, int] = {}
    for cell in cells:
        tree = _tree(cell, where)
        if "remove-cell" in cell.tags:
            for statement in tree.body:
                # The same import twice is one; any other value would be missing.
                again = visible if isinstance(statement, (ast.Import, ast.ImportFrom)) else set()
                hidden.update((name, cell.line) for name in bound(statement) - again)
            continue
        for statement in tree.body:
            own = bound(statement)
            for name, line in free(statement).items():
                if name in hidden and (isinstance(statement, SIMPLE) or name not in own):
                    raise ChapterError(
                        f"{where}:{cell.line + line - 1}: this cell needs '{name}', which only "
                        f"the cell on line {hidden[name]} makes, and that one is left out of "
                        "students' notebooks; make it in a cell that stays"
                    )
            visible |= own
            for name in own:
                hidden.pop(name, None)


def _tree(cell: Cell, where: str) -> ast.Module:
    try:
        return ast.parse(TransformerManager().transform_cell(cell.source))
    except SyntaxError as error:
        line = cell.line + (error.lineno or 1) - 1
        raise ChapterError(f"{where}:{line}: this cell is not Python: {error.msg}") from None


def free(node: ast.AST) -> dict[str, int]:
    """The names that ``node`` reads from around it, each with the line of its first use."""
    found: dict[str, int] = {}

    def add(names: dict[str, int], but: Iterable[str] = ()) -> None:
        for name in names.keys() - set(but):
            found[name] = min(names[name], found.get(name, names[name]))

    if isinstance(node, ast.Name):
        return {node.id: node.lineno} if isinstance(node.ctx, ast.Load) else {}
    if isinstance(node, FUNCTIONS):
        arguments = {each.arg for each in ast.walk(node.args) if isinstance(each, ast.arg)}
        body = node.body if isinstance(node.body, list) else [node.body]
        local = arguments.union(*map(bound, body))
        for part in [node.args, *getattr(node, "decorator_list", [])]:
            add(free(part))
        for part in body:
            add(free(part), but=local)
    elif isinstance(node, COMPREHENSIONS):
        local = set().union(*(bound(each.target) for each in node.generators))
        for part in ast.iter_child_nodes(node):
            add(free(part), but=local)
    else:
        for part in ast.iter_child_nodes(node):
            add(free(part))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            add({node.target.id: node.lineno})
    return found


def bound(node: ast.AST) -> set[str]:
    """The names that ``node`` binds in the scope in which it stands."""
    return set(_bound(node))


def _bound(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name
        return  # its body is a scope of its own
    elif isinstance(node, (ast.Import, ast.ImportFrom)):
        for alias in node.names:
            yield (alias.asname or alias.name).split(".")[0]
    elif isinstance(node, (ast.ExceptHandler, ast.MatchAs, ast.MatchStar)) and node.name:
        yield node.name
    if not isinstance(node, (ast.Lambda, *COMPREHENSIONS)):
        for part in ast.iter_child_nodes(node):
            yield from _bound(part)
