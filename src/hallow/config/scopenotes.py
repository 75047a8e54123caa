"""What the text of a config scope tells about its entries: documentation, declarations, dependencies."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.config.rewriting import bound_names
from hallow.config.scopesource import Function, ScopeSource, parts
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_COMPOUND = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match, getattr(ast, "TryStar", ast.Try))
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
# What makes comments hard to find without reading all tokens: strings of several lines, or with strings in them.
_HARD_TO_READ = re.compile(r"""\"{3}|'{3}|\\$|[ft]r?["']|r[ft]["']""", re.IGNORECASE | re.MULTILINE)
_CODE_OF_LINE = re.compile(r"""(?:[^"'#]+|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')*""")


@dataclass
class Notes:
    """Facts about the names of a scope.

    Attributes:
        docs: name to documentation.
        annotations: name to the annotation, not evaluated.
        required: names that are declared at the top of the body (``x: int``) and never given a value.
        lines: name to the line where it is bound first.
    """

    docs: dict[str, str] = field(default_factory=dict)
    annotations: dict[str, ast.expr] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    lines: dict[str, int] = field(default_factory=dict)


def take_notes(node: Function, nodes: Iterable[ast.AST], source: ScopeSource) -> Notes:
    """Read the tree and the comments of a scope.

    Args:
        node: the function, with the line numbers of the file.
        nodes: those of its scope, in order.
        source: its text.
    """
    notes = Notes()
    assigned: list[ast.Name] = []
    declared: list[ast.AnnAssign] = []
    for inner in nodes:
        if isinstance(inner, ast.Assign):
            for target in inner.targets:
                assigned += bound_names(target)
        elif isinstance(inner, ast.AugAssign | ast.NamedExpr):
            assigned += bound_names(inner.target)
        elif isinstance(inner, ast.AnnAssign) and isinstance(inner.target, ast.Name):
            notes.annotations.setdefault(inner.target.id, inner.annotation)
            if inner.value is None:
                declared.append(inner)
            else:
                assigned.append(inner.target)
    assigned.sort(key=lambda name: (name.lineno, name.col_offset))
    notes.docs = _docs(assigned, node, source)
    for name in assigned:
        notes.lines.setdefault(name.id, name.lineno)
    top = {id(statement) for statement in node.body}
    for inner in declared:
        notes.lines.setdefault(inner.target.id, inner.lineno)  # type: ignore[union-attr]
    required = {inner.target.id for inner in declared if id(inner) in top}  # type: ignore[union-attr]
    notes.required = frozenset(required.difference(name.id for name in assigned))
    return notes


# --------------------------------------------------------------------------------------------------- comments


def _docs(names: list[ast.Name], node: Function, source: ScopeSource) -> dict[str, str]:
    comments = _comments(node, source)
    docs: dict[str, str] = {}
    patterns = SETTINGS.CONFIG.IGNORED_COMMENTS
    for name in names if comments else ():
        if name.id not in docs:
            doc = _doc(name.lineno, comments, source, patterns)
            if doc:
                docs[name.id] = doc
    return docs


def _doc(line: int, comments: dict[int, str], source: ScopeSource, patterns: Iterable[str]) -> str:
    """The comment on a line, else the one on the nearest line above that is not blank."""
    lines, first = source
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


def _comments(node: Function, source: ScopeSource) -> dict[int, str]:
    """Line number to comment, without its ``#``."""
    lines = source.lines
    if not any("#" in line for line in lines):
        return {}
    first = node.body[0]
    if ast.get_docstring(node, clean=False) is not None and first.lineno > node.lineno:
        docstring = slice(first.lineno - source.first, (first.end_lineno or first.lineno) - source.first + 1)
        lines = [*lines[: docstring.start], *["\n"] * (docstring.stop - docstring.start), *lines[docstring.stop :]]
    if not _HARD_TO_READ.search("".join(lines)):
        found = _comments_of_lines(lines, source.first)
        if found is not None:
            return found
    return _comments_by_token(source)


def _comments_of_lines(lines: Sequence[str], first: int) -> dict[int, str] | None:
    """Comments where every string ends on its line, much faster than by token; ``None`` if one does not."""
    found: dict[int, str] = {}
    for number, line in enumerate(lines, first):
        if "#" in line:
            code = _CODE_OF_LINE.match(line)
            end = code.end() if code else 0
            if line[end : end + 1] == "#":
                found[number] = line[end + 1 :].strip()
            elif end < len(line):
                return None
    return found


def _comments_by_token(source: ScopeSource) -> dict[int, str]:
    import tokenize

    found: dict[int, str] = {}
    try:
        for token in tokenize.generate_tokens(iter(source.lines).__next__):
            if token.type == tokenize.COMMENT:
                found[token.start[0] + source.first - 1] = token.string[1:].strip()
    except (tokenize.TokenError, SyntaxError):
        pass  # the text is a part of a file; what was read until here is right
    return found


# ----------------------------------------------------------------------------------------------- dependencies


def dependencies(node: Function) -> dict[str, frozenset[str]]:
    """For each name of a scope, the others that its value was computed from, directly or through others.

    A branch or loop makes what it holds depend on its condition.
    """
    direct: dict[str, set[str]] = {}
    for statement in node.body:
        _note_reads(statement, set(), direct)
    arguments = {arg.arg for arg in [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]}
    known = arguments | set(direct)
    for read in direct.values():
        read &= known
    closed = {name: set(read) for name, read in direct.items()}
    changed = True
    while changed:  # as a rule twice, because names are read below the lines that assign them
        changed = False
        for name, read in direct.items():
            before = len(closed[name])
            closed[name].update(*(closed.get(other, ()) for other in read))
            changed = changed or len(closed[name]) > before
    return {name: frozenset(read - {name}) for name, read in closed.items()}


def _note_reads(statement: ast.stmt, conditions: set[str], direct: dict[str, set[str]]) -> None:
    if not isinstance(statement, _COMPOUND):
        read, changed = _uses([statement], isinstance(statement, ast.Expr))
        if isinstance(statement, _DEFINITIONS):
            changed = {statement.name}
        for name in changed:
            direct.setdefault(name, set()).update(read, conditions)
        return
    holders = [*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())]
    inner = [part for name in ("body", "orelse", "finalbody") for part in getattr(statement, name, ())]
    inner += [part for holder in holders for part in holder.body]
    left_out = {id(part) for part in [*inner, *holders]}
    read, bound = _uses([part for part in parts(statement) if id(part) not in left_out])
    _, captured = _uses([holder.pattern for holder in holders if hasattr(holder, "pattern")])
    below = conditions | read
    for name in bound | captured:
        direct.setdefault(name, set()).update(below)
    for part in inner:
        _note_reads(part, below, direct)


def _uses(nodes: Iterable[ast.AST], calls_change: bool = False) -> tuple[set[str], set[str]]:
    """The names that are read, and those that are bound or whose object may be changed (``d["k"] = v``).

    Args:
        nodes: where; functions in them are entered.
        calls_change: whether a call of a method may change its object (``l.append(v)``).
    """
    read: set[str] = set()
    changed: set[str] = set()
    waiting = list(nodes)
    while waiting:
        inner: Any = waiting.pop()
        kind = type(inner)
        if kind is ast.Name:
            if type(inner.ctx) is not ast.Del:
                (read if type(inner.ctx) is ast.Load else changed).add(inner.id)
            continue
        if kind is ast.Constant:
            continue
        if kind is ast.Subscript or kind is ast.Attribute:
            changed.update(() if type(inner.ctx) is ast.Load else _object_of(inner))
        elif kind is ast.Call and calls_change and type(inner.func) is ast.Attribute:
            changed.update(_object_of(inner))
        elif (kind is ast.MatchAs or kind is ast.MatchStar) and inner.name:
            changed.add(inner.name)
        waiting += parts(inner)
    return read, changed


def _object_of(place: Any) -> list[str]:
    """The name that an expression like ``d["k"].l`` or ``d.get("k").append(v)`` begins with, if it does with one."""
    while isinstance(place, ast.Subscript | ast.Attribute | ast.Call):
        place = place.func if isinstance(place, ast.Call) else place.value
    return [place.id] if isinstance(place, ast.Name) else []
