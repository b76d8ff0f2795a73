"""How much code there is, whoever formatted it: statements, and the lines that they take.

What does not make a program do more is not counted: blank lines, comments, docstrings, imports
and aliases of imports (which stand once in a notebook, wherever they are used) and ``print`` (which
both frameworks' cells do for the page). A loop, ``with`` or ``if`` around nothing else is not
counted either. Statements do not depend on how long a line may be; lines are what people mean by
"about 75 lines".
"""

import ast
import io
import tokenize
from collections.abc import Set

_SILENT = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def statements(tree: ast.Module, unneeded: Set[ast.stmt] = frozenset()) -> int:
    """Counted statements of ``tree``; ``unneeded`` ones, such as aliases, are left out as well.

    A compound statement counts one besides its body, and so does each decorator and each
    ``except`` or ``case``; ``else`` and ``finally`` count nothing.
    """
    return sum(_weight(statement, unneeded) for statement in tree.body)


def lines(source: str, tree: ast.Module, unneeded: Set[ast.stmt] = frozenset()) -> int:
    """Physical lines of ``source`` that hold a token of a counted statement."""
    readline = io.StringIO(source).readline
    held = set()
    for token in tokenize.generate_tokens(readline):
        if token.type not in _SILENT:
            held.update(range(token.start[0], token.end[0] + 1))
    for statement in _left_out(tree.body, unneeded):
        held.difference_update(range(statement.lineno, statement.end_lineno + 1))
    return len(held)


def is_talk(statement: ast.stmt) -> bool:
    """Whether it is a docstring or another string that stands alone, or a call of ``print``."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == "print"
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def _weight(statement: ast.stmt, unneeded: Set[ast.stmt]) -> int:
    imports = isinstance(statement, (ast.Import, ast.ImportFrom))
    if imports or is_talk(statement) or statement in unneeded:
        return 0
    inner = sum(_weight(one, unneeded) for one in _bodies(statement))
    if isinstance(statement, _DEFINITIONS):
        return 1 + len(statement.decorator_list) + inner
    if _is_compound(statement):
        clauses = len(getattr(statement, "handlers", ())) + len(getattr(statement, "cases", ()))
        return 1 + clauses + inner if inner else 0
    return 1


def _left_out(body: list[ast.stmt], unneeded: Set[ast.stmt]) -> list[ast.stmt]:
    found = []
    for statement in body:
        if _weight(statement, unneeded) == 0:
            found.append(statement)
        else:
            found += _left_out(_bodies(statement), unneeded)
    return found


def _is_compound(statement: ast.stmt) -> bool:
    return hasattr(statement, "body") or hasattr(statement, "cases")


def _bodies(statement: ast.stmt) -> list[ast.stmt]:
    clauses = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    found = [inner for clause in clauses for inner in clause.body]
    for name in ("body", "orelse", "finalbody"):
        found += getattr(statement, name, [])
    return found
