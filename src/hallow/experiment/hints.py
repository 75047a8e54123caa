"""Looking at a user's source file for the reason of a mistake."""

from __future__ import annotations

from typing import Any


def name_defined_later(function: Any, name: str) -> int | None:
    """The line in which ``name`` is bound at module level below ``function``, if there is one."""
    import ast
    import linecache

    code = getattr(function, "__code__", None)
    if code is None:
        return None
    if name == code.co_name:
        return None  # the function itself, which has no name yet while automain runs it
    try:
        tree = ast.parse("".join(linecache.getlines(code.co_filename)))
    except SyntaxError:
        return None
    for statement in tree.body:
        if statement.lineno > code.co_firstlineno and name in _bound(statement):
            return statement.lineno
    return None


def _bound(statement: Any) -> set[str]:
    import ast

    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).split(".")[0] for alias in statement.names}
    return {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
