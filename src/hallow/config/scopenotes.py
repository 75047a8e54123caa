"""What the text of a config scope tells about its entries: documentation, declarations, dependencies."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hallow.config.rewriting import bound_names
from hallow.config.scopesource import Function, own_nodes
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass
class Notes:
    """Facts about the names of a scope.

    Attributes:
        docs: name to documentation.
        annotations: name to the annotation, not evaluated.
        required: names that are declared at the top of the body (``x: int``) and never given a value.
        reads: name to the names that its value was computed from, directly or through others.
        lines: name to the line where it is bound first.
    """

    docs: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    reads: dict[str, frozenset[str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


def take_notes(node: Function, lines: list[str], first: int) -> Notes:
    """Read the tree and the comments of a scope.

    Args:
        node: the function, with the line numbers of the file.
        lines: its text.
        first: number of the first line.
    """
    assigned = sorted(_assignments(node), key=lambda pair: (pair[0].lineno, pair[0].col_offset))
    notes = Notes(docs=_docs([name for name, _ in assigned], lines, first))
    for name, _ in assigned:
        notes.lines.setdefault(name.id, name.lineno)
    declared: set[str] = set()
    for inner in own_nodes(node):
        if isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            notes.annotations.setdefault(inner.target.id, inner.annotation)
            if inner.value is None:
                notes.lines.setdefault(inner.target.id, inner.lineno)
                if inner in node.body:
                    declared.add(inner.target.id)
    notes.required = frozenset(declared - {name.id for name, _ in assigned})
    notes.reads = _reads(node)
    return notes


def _assignments(node: Function) -> Iterator[tuple[ast.Name, ast.AST]]:
    """The names that are entries because they are assigned, with the statement or expression that does it."""
    for inner in own_nodes(node):
        if isinstance(inner, ast.Assign):
            targets: Iterable[ast.AST] = inner.targets
        elif isinstance(inner, ast.AugAssign | ast.NamedExpr) or (isinstance(inner, ast.AnnAssign) and inner.value):
            targets = [inner.target]
        else:
            continue
        yield from ((name, inner) for target in targets for name in bound_names(target))


# --------------------------------------------------------------------------------------------------- comments


def _docs(names: list[ast.Name], lines: list[str], first: int) -> dict[str, str]:
    comments = _comments(lines, first)
    docs: dict[str, str] = {}
    for name in names:
        if name.id not in docs:
            doc = _doc(name.lineno, comments, lines, first)
            if doc:
                docs[name.id] = doc
    return docs


def _doc(line: int, comments: dict[int, str], lines: list[str], first: int) -> str:
    """The comment on a line, else the one on the nearest line above that is not blank."""
    patterns = SETTINGS.CONFIG.IGNORED_COMMENTS
    inline = comments.get(line, "")
    if inline and not _ignored(inline, patterns):
        return inline
    above = line - 1
    while above > first and not lines[above - first].strip():
        above -= 1
    if above < first or not lines[above - first].lstrip().startswith("#"):
        return ""
    comment = comments.get(above, "")
    return "" if _ignored(comment, patterns) else comment


def _ignored(comment: str, patterns: Iterable[str]) -> bool:
    return any(re.match(pattern, comment) for pattern in patterns)


def _comments(lines: list[str], first: int) -> dict[int, str]:
    """Line number to comment, without its ``#``."""
    if not any("#" in line for line in lines):
        return {}
    import tokenize

    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(iter(lines).__next__):
            if token.type == tokenize.COMMENT:
                found[token.start[0] + first - 1] = token.string[1:].strip()
    except (tokenize.TokenError, SyntaxError):
        pass  # the text is a part of a file; what was read until here is right
    return found


# ----------------------------------------------------------------------------------------------- dependencies


def _reads(node: Function) -> dict[str, frozenset[str]]:
    """For each name, the names its value depends on; a branch or loop makes what it holds depend on its condition."""
    direct: dict[str, set[str]] = {}
    for statement in node.body:
        _note_reads(statement, set(), direct)
    arguments = {arg.arg for arg in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    known = arguments | set(direct)
    closed = {name: read & known for name, read in direct.items()}
    changed = True
    while changed:
        changed = False
        for read in closed.values():
            more = set().union(*(closed.get(other, ()) for other in read)) - read
            if more:
                read |= more
                changed = True
    return {name: frozenset(read - {name}) for name, read in closed.items()}


def _note_reads(statement: ast.stmt, conditions: set[str], direct: dict[str, set[str]]) -> None:
    inner = [part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, ())]
    holders = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    inner += [part for holder in holders for part in holder.body]
    if not inner or isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        read = _loaded([statement])
        for name in _changed(statement):
            direct.setdefault(name, set()).update(read | conditions)
        return
    head = [child for child in ast.iter_child_nodes(statement) if child not in inner and child not in holders]
    below = conditions | _loaded(head)
    for name in _stored([*head, *(getattr(holder, "pattern", None) for holder in holders)]):
        direct.setdefault(name, set()).update(below)
    for part in inner:
        _note_reads(part, below, direct)


def _loaded(nodes: Iterable[ast.AST]) -> set[str]:
    return {
        inner.id
        for node in nodes
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    }


def _stored(nodes: Iterable[ast.AST | None]) -> set[str]:
    names = set()
    for node in nodes:
        for inner in ast.walk(node) if node is not None else ():
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                names.add(inner.id)
            elif isinstance(inner, ast.MatchAs | ast.MatchStar) and inner.name:
                names.add(inner.name)
    return names


def _changed(statement: ast.stmt) -> set[str]:
    """The names that a statement binds, or whose object it may change (``d["k"] = v``, ``l.append(v)``)."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names = _stored([statement])
    for inner in ast.walk(statement):
        changed: ast.AST | None = None
        if isinstance(inner, ast.Subscript | ast.Attribute) and isinstance(inner.ctx, ast.Store | ast.Del):
            changed = inner
        elif isinstance(inner, ast.Call) and isinstance(inner.func, ast.Attribute) and isinstance(statement, ast.Expr):
            changed = inner.func
        while isinstance(changed, ast.Subscript | ast.Attribute | ast.Call):
            changed = changed.func if isinstance(changed, ast.Call) else changed.value
        if isinstance(changed, ast.Name):
            names.add(changed.id)
    return names
