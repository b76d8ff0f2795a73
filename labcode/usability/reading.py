"""Walks through a notebook's statements and follows which names are a framework's."""

import ast
from collections.abc import Sequence

from labcode.usability.expressions import Expressions
from labcode.usability.kinds import NEUTRAL, OVERLOOKED, Kind, Names, Own, Path, Value, belongs
from labcode.usability.lines import is_talk


class Reader(Expressions):
    """Reads cells in order; what it learns of functions stays for the next reading."""

    def restart(self) -> None:
        """Begin again with the first cell."""
        self.before, self.scopes, self.found = self.scopes[0], [{}], Names()

    def visit_all(self, body: Sequence[ast.stmt]) -> None:
        """Read some statements, but for those that only talk."""
        for statement in body:
            if is_talk(statement):
                kept, self.found = self.found, Names()
                self.visit(statement)
                self.found = kept
            else:
                self.visit(statement)

    def visit(self, node: ast.AST) -> None:
        """Read a statement or a clause of one."""
        handler = getattr(self, f"_visit_{type(node).__name__}", None)
        if handler:
            handler(node)
            return
        body = []
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.use(child)
            elif isinstance(child, ast.stmt):
                body.append(child)
            else:
                self.visit(child)
        self.visit_all(body)

    def _visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self._import(alias.name)
            root = alias.name.partition(".")[0]
            self.scopes[-1][alias.asname or root] = Path(alias.name if alias.asname else root)

    def _visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self._import(node.module or "")
        for alias in node.names:
            self.scopes[-1][alias.asname or alias.name] = Path(f"{node.module}.{alias.name}")

    def _import(self, module: str) -> None:
        root = module.partition(".")[0]
        if root and root not in NEUTRAL:
            self.found.packages.add(root)

    def _visit_Expr(self, node: ast.Expr) -> None:
        if isinstance(node.value, ast.Call):
            kind = self.quietly(node.value.func)
            if isinstance(kind, Path) and kind.name in OVERLOOKED:
                self.found.unneeded.add(node)
                return
        self.use(node.value)

    def _visit_Assign(self, node: ast.Assign) -> None:
        if isinstance(node.value, (ast.Name, ast.Attribute)):
            kind = self.quietly(node.value)
            if isinstance(kind, Path):  # `layers = keras.layers` is an import, and no use
                self.found.unneeded.add(node)
        else:
            kind = None
        if not isinstance(kind, Path):
            kind = self.use(node.value)
        for target in node.targets:
            self.bind(target, kind, node.value)

    def _visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.bind(node.target, self.use(node.value), node.value)

    def _visit_AugAssign(self, node: ast.AugAssign) -> None:
        kind = self.use(node.value)
        if isinstance(kind, Value) and isinstance(node.target, ast.Name):
            self.bind(node.target, Value())
        else:
            self.use(node.target)

    def _visit_For(self, node: ast.For) -> None:
        self.loop(node.target, node.iter)
        self.visit_all(node.body + node.orelse)

    def _visit_With(self, node: ast.With) -> None:
        for item in node.items:
            kind = self.use(item.context_expr)
            if item.optional_vars is not None:
                self.bind(item.optional_vars, kind)
        self.visit_all(node.body)

    def _visit_FunctionDef(self, node: ast.FunctionDef, owner: Kind = None) -> None:
        for part in [*node.decorator_list, *node.args.defaults, *node.args.kw_defaults]:
            if part is not None:
                self.use(part)
        positional = node.args.posonlyargs + node.args.args
        stars = [star for star in (node.args.vararg, node.args.kwarg) if star is not None]
        everyone = positional + node.args.kwonlyargs + stars
        scope = {one.arg: self._parameter(node, one) for one in everyone}
        if owner is not None and positional:
            scope[positional[0].arg] = owner
        self.functions[node.name] = [one.arg for one in positional]
        self.scopes.append(scope)
        self.visit_all(node.body)
        for inner in ast.walk(node):
            if isinstance(inner, (ast.Return, ast.Yield)) and inner.value is not None:
                kind = self.quietly(inner.value)
                if isinstance(kind, Value):
                    self.returned[node.name] = kind
        self.scopes.pop()

    def _visit_ClassDef(self, node: ast.ClassDef) -> None:
        kinds = [self.use(base) for base in node.bases]
        ours = any(
            isinstance(kind, Value) or (isinstance(kind, Path) and belongs(kind.name))
            for kind in kinds
        )
        for inner in node.body:
            if not isinstance(inner, ast.FunctionDef):
                self.visit(inner)
                continue
            self._visit_FunctionDef(inner, Value() if ours else Own())
            private = inner.name.startswith("_") and not inner.name.endswith("__")
            if ours and not private and inner.name not in {"__init__", *self.asked}:
                self.found.used.add(f".{inner.name}")
        self.scopes[-1][node.name] = Value() if ours else None

    def _parameter(self, function: ast.FunctionDef, argument: ast.arg) -> Kind:
        if argument.annotation is not None:
            kind = self.quietly(argument.annotation)
            return Value(kind.name) if isinstance(kind, Path) and belongs(kind.name) else None
        if function.name not in self.called:
            return Value()
        return self.handed.get((function.name, argument.arg))
