"""Resolves expressions: into a path, a framework's value, or neither."""

import ast
from collections.abc import Mapping

from labcode.usability.kinds import (
    MODELS,
    OVERLOOKED,
    Kind,
    Names,
    Own,
    Path,
    Value,
    any_of,
    belongs,
    element,
    renamed,
)

ENDS = {"numpy", "item", "tolist"}
"""Methods that leave the framework: what they return belongs to Python or NumPy."""

FLUENT = {"train", "eval", "to", "cpu", "cuda"}
"""Methods that return the object that they were called on."""

PYTHON = {"items", "keys", "values", "get", "append", "split", "join"}
"""Methods of Python's own containers, in which a framework's values may lie."""

PLAIN = {"len", "int", "float", "str", "bool", "range", "print", "type", "isinstance", "round"}
"""Functions of Python's that return Python's own."""


class Expressions:
    """Resolves expressions in the light of the bindings seen so far, and notes names in ``found``.

    ``before`` holds the bindings at the end of an earlier reading: a function's body may use what
    is bound after it.
    """

    def __init__(self) -> None:
        self.found = Names()
        self.scopes: list[dict[str, Kind]] = [{}]
        self.before: dict[str, Kind] = {}
        self.functions: dict[str, list[str]] = {}  # name -> positional parameters
        self.returned: dict[str, Kind] = {}
        self.called: set[str] = set()
        self.handed: dict[tuple[str, str], Kind] = {}  # (function, parameter) -> what calls hand it
        self.own: dict[str, Kind] = {}  # attributes that the program itself sets, and to what
        self.asked: set[str] = set()  # attributes that the program itself takes of `self`

    def use(self, node: ast.expr) -> Kind:
        """The kind of an expression, its names noted."""
        kind = self.resolve(node)
        if isinstance(kind, Path):
            self.note(kind.name)
        return kind

    def quietly(self, node: ast.expr) -> Kind:
        """The kind of an expression, nothing noted."""
        kept, self.found = self.found, Names()
        kind = self.resolve(node)
        self.found = kept
        return kind

    def note(self, path: str) -> None:
        """Note a path under the name by which it counts."""
        if belongs(path) and renamed(path) not in OVERLOOKED:
            self.found.used.add(renamed(path))
            self.found.packages.add(renamed(path).partition(".")[0])

    def resolve(self, node: ast.expr) -> Kind:
        """The kind of an expression; the names of its parts are noted, its own path is not."""
        handler = getattr(self, f"_{type(node).__name__}", None)
        if handler:
            return handler(node)
        parts = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.expr)]
        return any_of([self.use(part) for part in parts])

    def bind(self, target: ast.expr, kind: Kind, value: ast.expr | None = None) -> None:
        """Bind a target to a thing of this kind, which the expression ``value`` gave."""
        if isinstance(target, ast.Name):
            self.scopes[-1][target.id] = kind
        elif isinstance(target, (ast.Tuple, ast.List)):
            parts = value.elts if isinstance(value, (ast.Tuple, ast.List)) else []
            paired = len(parts) == len(target.elts)
            for i, one in enumerate(target.elts):
                self.bind(one, self.quietly(parts[i]) if paired else element(kind))
        elif isinstance(target, ast.Starred):
            self.bind(target.value, element(kind))
        elif isinstance(target, ast.Attribute):
            base = self.use(target.value)
            if isinstance(base, Value) and not _is_self(target.value):
                self.found.used.add(f".{target.attr}")
            elif not isinstance(base, Path):
                self.own[target.attr] = kind or self.own.get(target.attr)
        elif isinstance(target, ast.Subscript):
            self.use(target.slice)
            if self.use(target.value) is None and isinstance(target.value, ast.Name):
                self._scope_of(target.value.id)[target.value.id] = element(kind)

    def loop(self, target: ast.expr, over: ast.expr) -> None:
        """Bind a loop's targets; what ``zip`` and ``enumerate`` hand over is told apart."""
        kind = self.use(over)
        called = over.func.id if _calls_name(over) else None
        if called in ("zip", "enumerate") and isinstance(target, ast.Tuple):
            parts = over.args if called == "zip" else [ast.Constant(0), *over.args]
            if len(parts) == len(target.elts):
                for one, part in zip(target.elts, parts, strict=True):
                    self.bind(one, element(self.quietly(part)))
                return
        self.bind(target, element(kind))

    def _Name(self, node: ast.Name) -> Kind:
        for scope in [*reversed(self.scopes), self.before]:
            if node.id in scope:
                return scope[node.id]
        return None

    def _Attribute(self, node: ast.Attribute) -> Kind:
        kind = self.resolve(node.value)
        if isinstance(kind, Path):
            return Path(f"{kind.name}.{node.attr}")
        if kind is None:
            return None
        if _is_self(node.value):
            self.asked.add(node.attr)
        if isinstance(kind, Own) or node.attr in self.own:
            return self.own.get(node.attr)
        if node.attr not in PYTHON:
            self.found.used.add(f".{node.attr}")
        return None if node.attr in ENDS else Value()

    def _Call(self, node: ast.Call) -> Kind:
        callee = self.use(node.func)
        kinds = [self.use(one) for one in node.args]
        named = {one.arg: self.use(one.value) for one in node.keywords}
        if isinstance(callee, Path):
            if not belongs(callee.name):
                return Value(MODELS[callee.name]) if callee.name in MODELS else None
            self._note_arguments(node, kinds, named)
            return Value(renamed(callee.name))
        if isinstance(callee, Value):
            self._note_arguments(node, kinds, named)
            if callee.made_by and isinstance(node.func, ast.Name):
                self.note(callee.made_by)
            return self._method_returns(node.func)
        if not isinstance(node.func, ast.Name):
            return None
        if node.func.id in self.functions:
            self._hand_over(node, kinds, named)
            return self.returned.get(node.func.id)
        return None if node.func.id in PLAIN else any_of(kinds)

    def _Lambda(self, node: ast.Lambda) -> Kind:
        self.scopes.append({one.arg: Value() for one in node.args.args})
        kind = self.use(node.body)
        self.scopes.pop()
        return kind

    def _comprehension(self, node: ast.expr) -> Kind:
        self.scopes.append({})
        for part in node.generators:
            self.loop(part.target, part.iter)
            for condition in part.ifs:
                self.use(condition)
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        kinds = [self.use(part) for part in parts]
        self.scopes.pop()
        return any_of(kinds)

    _ListComp = _SetComp = _DictComp = _GeneratorExp = _comprehension

    def _method_returns(self, function: ast.expr) -> Kind:
        if isinstance(function, ast.Attribute):
            if function.attr in ENDS:
                return None
            if function.attr in FLUENT:
                return self.quietly(function.value)
        return Value()

    def _note_arguments(self, node: ast.Call, kinds: list[Kind], named: Mapping) -> None:
        """Note keywords, and objects such as a loss that the framework is handed to work with."""
        self.found.keywords.update(name for name in named if name)
        handed = [*zip(node.args, kinds, strict=True)]
        handed += [(one.value, named[one.arg]) for one in node.keywords]
        for argument, kind in handed:
            made_by = kind.made_by if isinstance(kind, Value) else None
            is_object = made_by is not None and made_by.rpartition(".")[2][0].isupper()
            if is_object and isinstance(argument, ast.Name) and made_by not in MODELS.values():
                self.note(made_by)

    def _hand_over(self, node: ast.Call, kinds: list[Kind], named: dict) -> None:
        name = node.func.id
        self.called.add(name)
        order = self.functions[name]
        for position, (argument, kind) in enumerate(zip(node.args, kinds, strict=True)):
            if isinstance(argument, ast.Starred):
                named.update(dict.fromkeys(order[position:], kind))
            elif position < len(order):
                named[order[position]] = kind
        for parameter, kind in named.items():
            if isinstance(kind, Value):
                self.handed[name, parameter] = kind

    def _scope_of(self, name: str) -> dict[str, Kind]:
        return next((scope for scope in reversed(self.scopes) if name in scope), self.scopes[0])


def _calls_name(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"
