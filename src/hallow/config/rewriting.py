# ruff: noqa: N802, N815 - methods are found by the names of syntax nodes
"""Config scopes as ordinary functions that tell when they bind a name.

The body is compiled again with a call behind every binding, so that a fixed value is in force at once; everything else
(scoping, closures, comprehensions, control flow, line numbers) is Python's own. The calls go to names in the scope's
copy of its globals, because locals would show up in ``locals()``.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from hallow.config.scopesource import Function, own_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: In the scope's globals; dunder names are never mangled in classes.
ASSIGN, AUGMENT, BIND, DELETE, DECLARE, GIVEN, LOCALS, COLLECT = (
    f"__hallow_{name}__" for name in ("assign", "augment", "bind", "delete", "declare", "given", "locals", "collect")
)

_LOAD, _STORE = ast.Load(), ast.Store()


def rewrite(node: Function) -> ast.FunctionDef:
    """The function that does the same as ``node`` and reports bindings; uses up ``node``."""
    first = 0 if ast.get_docstring(node, clean=False) is None else 1
    body = _Rewriter(node).block(node.body)
    at, end = _At(node), _At(node.body[-1])
    collect = end.node(ast.Expr, end.call(COLLECT, end.call(LOCALS)))
    watched = at.node(ast.Try, body[first:] or [at.node(ast.Pass)], [], [], [collect])
    fields = {name: getattr(node, name) for name in node._fields}
    fields.update(body=[*body[:first], watched], decorator_list=[])
    return ast.FunctionDef(**fields, **at.place)


def bound_names(target: ast.AST) -> Iterator[ast.Name]:
    """The plain names in an assignment target, in order."""
    if isinstance(target, ast.Name):
        yield target
    elif isinstance(target, ast.Tuple | ast.List):
        for item in target.elts:
            yield from bound_names(item)
    elif isinstance(target, ast.Starred):
        yield from bound_names(target.value)


class _At:
    """Makes nodes that stand where ``place`` does, so that no tree has to be searched for nodes without a position."""

    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = {
            "lineno": place.lineno,
            "col_offset": place.col_offset,
            "end_lineno": place.end_lineno,
            "end_col_offset": place.end_col_offset,
        }

    def node(self, kind: Any, *fields: Any) -> Any:
        return kind(*fields, **self.place)

    def load(self, name: str) -> ast.Name:
        return ast.Name(name, _LOAD, **self.place)

    def store(self, name: str) -> ast.Name:
        return ast.Name(name, _STORE, **self.place)

    def call(self, function: str, *args: ast.expr) -> ast.Call:
        return ast.Call(self.load(function), list(args), [], **self.place)

    def about(self, function: str, name: str, *args: ast.expr) -> ast.Call:
        """A call whose first argument is the text ``name``."""
        return self.call(function, ast.Constant(name, **self.place), *args)

    def report(self, function: str, name: str, value: ast.expr, line: int) -> ast.Call:
        return self.about(function, name, value, ast.Constant(line, **self.place))


class _Walrus(ast.NodeTransformer):
    """Reports ``:=`` of the scope, also inside of comprehensions."""

    def __init__(self, foreign: set[str]) -> None:
        self.foreign = foreign

    def visit_NamedExpr(self, node: ast.NamedExpr) -> ast.AST:
        self.generic_visit(node)
        if node.target.id not in self.foreign:
            node.value = _At(node.value).report(ASSIGN, node.target.id, node.value, node.lineno)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self.visit(node.args)
        return node

    def _outside(self, node: Any) -> Any:
        """Of a nested function or class, only what is evaluated in the scope."""
        for field in ("args", "decorator_list", "bases", "keywords"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                setattr(node, field, [self.visit(item) for item in inner])
            elif inner is not None:
                setattr(node, field, self.visit(inner))
        return node

    visit_FunctionDef = visit_AsyncFunctionDef = visit_ClassDef = _outside


class _Rewriter:
    def __init__(self, node: Function) -> None:
        inside = own_nodes(node.body)
        kinds = set(map(type, inside))
        self.foreign: set[str] = set()
        if not kinds.isdisjoint((ast.Global, ast.Nonlocal)):
            self.foreign.update(*(inner.names for inner in inside if isinstance(inner, ast.Global | ast.Nonlocal)))
        if ast.NamedExpr in kinds:
            walrus = _Walrus(self.foreign)
            node.body = [walrus.visit(statement) for statement in node.body]

    def block(self, statements: Sequence[ast.stmt]) -> list[ast.stmt]:
        return [new for statement in statements for new in self.statement(statement)]

    def statement(self, statement: ast.stmt) -> list[ast.stmt]:
        special = getattr(self, type(statement).__name__, None)
        if special is not None:
            result: list[ast.stmt] = special(statement)
            return result
        for part in ("body", "orelse", "finalbody"):
            if getattr(statement, part, None):
                setattr(statement, part, self.block(getattr(statement, part)))
        for handler in getattr(statement, "handlers", ()):
            handler.body = self.reports(BIND, [handler.name] if handler.name else [], handler) + self.block(
                handler.body
            )
        for case in getattr(statement, "cases", ()):
            case.body = self.reports(BIND, _captured(case.pattern), case.pattern) + self.block(case.body)
        return [statement]

    def reports(self, function: str, names: Sequence[str], place: Any) -> list[ast.stmt]:
        """``name = report("name", name, line)`` for each name."""
        at = _At(place)
        return [
            at.node(ast.Assign, [at.store(name)], at.report(function, name, at.load(name), place.lineno))
            for name in names
            if name not in self.foreign
        ]

    def targets(self, function: str, targets: Sequence[ast.AST]) -> list[ast.stmt]:
        return [
            new for target in targets for name in bound_names(target) for new in self.reports(function, [name.id], name)
        ]

    # One method for each statement that binds names; its name is that of the node.

    def Assign(self, statement: ast.Assign) -> list[ast.stmt]:
        target = statement.targets[0]
        if len(statement.targets) == 1 and isinstance(target, ast.Name):
            if target.id not in self.foreign:
                value = statement.value
                statement.value = _At(value).report(ASSIGN, target.id, value, target.lineno)
            return [statement]
        return [statement, *self.targets(ASSIGN, statement.targets)]

    def AugAssign(self, statement: ast.AugAssign) -> list[ast.stmt]:
        return [statement, *self.targets(AUGMENT, [statement.target])]

    def AnnAssign(self, statement: ast.AnnAssign) -> list[ast.stmt]:
        target = statement.target
        if statement.value is not None:
            return [statement, *self.targets(ASSIGN, [target])]
        if not isinstance(target, ast.Name):
            return [statement]
        at = _At(statement)
        given = at.node(ast.Assign, [at.store(target.id)], at.about(GIVEN, target.id))
        return [statement, at.node(ast.If, at.about(DECLARE, target.id), [given], [])]

    def For(self, statement: ast.For) -> list[ast.stmt]:
        statement.body = self.targets(BIND, [statement.target]) + self.block(statement.body)
        statement.orelse = self.block(statement.orelse)
        return [statement]

    def With(self, statement: ast.With) -> list[ast.stmt]:
        bound = [item.optional_vars for item in statement.items if item.optional_vars is not None]
        statement.body = self.targets(BIND, bound) + self.block(statement.body)
        return [statement]

    def Delete(self, statement: ast.Delete) -> list[ast.stmt]:
        return [self.deletion(target, statement) for target in statement.targets]

    def deletion(self, target: ast.expr, statement: ast.Delete) -> ast.stmt:
        at = _At(statement)
        deletion: ast.stmt = at.node(ast.Delete, [target])
        if not isinstance(target, ast.Name) or target.id in self.foreign:
            return deletion
        # The name is read as well, so that deleting what is not there raises as it should.
        test: ast.stmt = at.node(ast.If, at.about(DELETE, target.id, at.load(target.id)), [deletion], [])
        return test

    def Import(self, statement: ast.Import | ast.ImportFrom) -> list[ast.stmt]:
        names = [alias.asname or alias.name.partition(".")[0] for alias in statement.names]
        return [statement, *self.reports(BIND, names, statement)]

    ImportFrom = Import

    def FunctionDef(self, statement: Any) -> list[ast.stmt]:
        return [statement, *self.reports(BIND, [statement.name], statement)]

    AsyncFunctionDef = ClassDef = FunctionDef


def _captured(pattern: ast.AST) -> list[str]:
    """The names that a pattern binds."""
    names = [getattr(inner, field, None) for inner in ast.walk(pattern) for field in ("name", "rest")]
    return [name for name in names if isinstance(name, str)]
