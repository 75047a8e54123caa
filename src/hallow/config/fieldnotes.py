"""Annotations of a class, and the comments that document its fields."""

from __future__ import annotations

import ast
import re
import sys
import typing
from functools import lru_cache
from typing import Any

from hallow.settings import SETTINGS

if typing.TYPE_CHECKING:
    from collections.abc import Mapping

Notes = tuple[str | None, int | None, dict[str, int], dict[str, str]]


@lru_cache(maxsize=256)
def field_notes(cls: type) -> Notes:
    """``(file, line, line by field, documentation by field)``; fields of base classes included.

    A field is documented by the comment on its line, the comment line above it, or the docstring below it.
    """
    lines: dict[str, int] = {}
    docs: dict[str, str] = {}
    file = line = None
    for base in reversed(cls.__mro__[:-1]):
        found = _own_notes(base)
        if found is not None:
            file, line, more_lines, more_docs = found
            lines.update(more_lines)
            docs.update(more_docs)
    return file, line, lines, docs


def _own_notes(cls: Any) -> Notes | None:
    import inspect
    import textwrap

    if cls.__module__ in ("builtins", "typing", "pydantic.main"):
        return None
    try:
        source, first = inspect.getsourcelines(cls)
        file = inspect.getsourcefile(cls)
        tree = ast.parse(textwrap.dedent("".join(source)))
    except (OSError, TypeError, SyntaxError):
        return None
    body = getattr(tree.body[0], "body", [])
    lines, docs = {}, {}
    for number, node in enumerate(body):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            lines[name] = first + node.lineno - 1
            following = body[number + 1] if number + 1 < len(body) else None
            doc = _comment(source, node) or _docstring(following)
            if doc:
                docs[name] = doc
    return file, first, lines, docs


def _docstring(node: Any) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def _comment(source: list[str], node: ast.AnnAssign) -> str:
    last = source[(node.end_lineno or node.lineno) - 1].rstrip("\n")
    # Behind the last character of the statement only a comment can stand.
    tail = last.rpartition("#")
    inline = tail[2].strip() if tail[1] and _is_behind(tail[0]) else ""
    if inline and not _ignored(inline):
        return inline
    above = source[node.lineno - 2].strip() if node.lineno >= 2 else ""
    return above.lstrip("#").strip() if above.startswith("#") and not _ignored(above.lstrip("# ")) else ""


def _is_behind(text: str) -> bool:
    """Whether ``text`` is a whole statement, so that no quote is open at its end."""
    try:
        ast.parse(text.strip() or "0")
    except SyntaxError:
        return False
    return True


def _ignored(comment: str) -> bool:
    return any(re.match(pattern, comment) for pattern in SETTINGS.CONFIG.IGNORED_COMMENTS)


def evaluated_annotations(owner: Any, annotations: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Evaluated annotations; those that cannot be evaluated accept anything."""
    raw = owner.__annotations__ if annotations is None else annotations
    if annotations is not None and not any(isinstance(hint, str) for hint in raw.values()):
        return dict(raw)
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except Exception:
        return {name: _evaluated(hint, owner) for name, hint in raw.items()}


def _evaluated(hint: Any, owner: Any) -> Any:
    if not isinstance(hint, str):
        return hint
    names = getattr(owner, "__globals__", None) or vars(sys.modules.get(owner.__module__, typing))
    try:
        return eval(hint, dict(names))  # noqa: S307 - an annotation in the code of the user
    except Exception:
        return Any
