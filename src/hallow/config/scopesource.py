"""The source of a config scope: found, checked, and read."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hallow.errors import ScopeError

if TYPE_CHECKING:
    from collections.abc import Iterator

Function = ast.FunctionDef | ast.AsyncFunctionDef
_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# pytest compiles the `assert` statements of test modules in its own way; the name is the mark of such a module.
_ASSERTIONS_REWRITTEN = "@pytest_ar"
_SYNONYMS = {"LOAD_METHOD": "LOAD_ATTR"}
_INCIDENTAL = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL", "RESUME"})
_CALLS = frozenset({"CALL_METHOD", "CALL_FUNCTION"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
# The low bits of co_flags tell kinds of functions; the compiler flags of `from __future__ import` lie above them.
_FUTURES = 0x7FFF0000


class ScopeSource(NamedTuple):
    """The text of a scope.

    Attributes:
        lines: its lines, decorators included.
        first: number of the first line in the file.
    """

    lines: list[str]
    first: int

    def parse(self) -> Function | None:
        """The function, with the line numbers and columns of the file; ``None`` if the text is something else."""
        indented = self.lines[0][:1].isspace()
        text = ("if 1:\n" if indented else "") + "".join(self.lines)
        try:
            tree = ast.parse(text)
        except (SyntaxError, ValueError):
            return None
        ast.increment_lineno(tree, self.first - (2 if indented else 1))
        node: Any = tree.body[0].body[0] if isinstance(tree.body[0], ast.If) else tree.body[0]
        return node if isinstance(node, Function) else None


def find_source(function: FunctionType) -> tuple[ScopeSource, Function] | None:
    """Text and tree of a function, if the file still holds the code that runs.

    ``None`` for code that was made from a string, whose file is gone or was changed, or that was rewritten on import.
    """
    import inspect
    import linecache

    code = function.__code__
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename, function.__globals__)[code.co_firstlineno - 1 :]
    if not lines:
        return None
    try:
        source = ScopeSource(inspect.getblock(lines), code.co_firstlineno)
    except (SyntaxError, IndentationError):
        return None
    node = source.parse()
    if node is None or node.name != code.co_name:
        return None
    try:
        compiled = compile_function(node, function)
    except (SyntaxError, ValueError):
        return None
    if compiled is None or not (_same(compiled, code) or _ASSERTIONS_REWRITTEN in function.__globals__):
        return None
    return source, node


def compile_function(node: Function, function: FunctionType) -> CodeType | None:
    """Compile a tree in the place of ``function``: with its file name, compiler flags and enclosing scopes."""
    node.decorator_list = []
    around, names = _enclosed(node, function)
    module = ast.fix_missing_locations(ast.Module([around], []))
    flags = function.__code__.co_flags & _FUTURES
    code: CodeType | None = compile(module, function.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
    for name in [*names, node.name]:
        code = code and _code_named(code, name)
    return code


def _enclosed(node: Function, function: FunctionType) -> tuple[ast.stmt, list[str]]:
    """The tree inside of empty functions and classes like those around the original, and their names.

    They give the enclosing variables, the qualified names of what is defined inside, and private names of classes.
    """
    parts = getattr(function.__code__, "co_qualname", function.__qualname__).split(".")[:-1]
    free: tuple[str, ...] = function.__code__.co_freevars
    if free and "<locals>" not in parts:
        parts += ["hallow_enclosing", "<locals>"]
    around: ast.stmt = node
    names: list[str] = []
    while parts:
        is_function = parts[-1] == "<locals>"
        name = parts.pop(-2 if is_function else -1)
        if is_function:
            parts.pop()
        # From text, because the fields of these nodes differ between versions of Python.
        outer: Any = ast.parse(f"def f({', '.join(free)}): pass" if is_function else "class C: pass").body[0]
        outer.name, outer.body, around = name, [around], outer
        free = () if is_function else free
        names.insert(0, name)
    return around, names


def _code_named(code: CodeType, name: str) -> CodeType | None:
    for const in code.co_consts:
        if isinstance(const, CodeType):
            found = const if const.co_name == name else _code_named(const, name)
            if found is not None:
                return found
    return None


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two code objects do the same; where they stand does not matter."""
    if len(one.co_consts) != len(other.co_consts):
        return False
    for names in (
        "co_names",
        "co_varnames",
        "co_freevars",
        "co_cellvars",
        "co_argcount",
        "co_kwonlyargcount",
    ):
        if getattr(one, names) != getattr(other, names):
            return False
    for mine, others in zip(one.co_consts, other.co_consts, strict=True):
        if isinstance(mine, CodeType) and isinstance(others, CodeType):
            if not _same(mine, others):
                return False
        elif type(mine) is not type(others) or repr(mine) != repr(others):
            return False
    return one.co_code == other.co_code or _instructions(one) == _instructions(other)


def _instructions(code: CodeType) -> list[tuple[str, str]]:
    """The instructions without the differences that the rest of a module makes.

    Methods of what a module imports are called in another way than those of other objects, and the tree of a scope
    alone does not tell what the module imports.
    """
    import dis

    return [
        (_SYNONYMS.get(step.opname, step.opname), "" if step.opcode in dis.hasjrel + dis.hasjabs else str(step.argval))
        for step in dis.get_instructions(code)
        if step.opname not in _INCIDENTAL and step.opname not in _CALLS and not isinstance(step.argval, CodeType)
    ]


# --------------------------------------------------------------------------------------------------- reading it


def own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below ``node`` that belong to its scope; nested functions and classes are given, not entered."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, _OWN_SCOPE):
            yield from own_nodes(child)


def check_body(node: Function, file: str) -> None:
    """Refuse statements that a scope cannot hold.

    Raises:
        ScopeError: naming file, line and statement.
    """
    for statement in node.body:
        for inner in [statement, *([] if isinstance(statement, _OWN_SCOPE) else own_nodes(statement))]:
            if isinstance(inner, ast.Return) and inner.value is not None:
                if not (isinstance(inner.value, ast.Constant) and inner.value.value is None):
                    refuse(file, inner, "its local variables are the entries, it cannot return a value")
            elif isinstance(inner, ast.Yield | ast.YieldFrom):
                refuse(file, inner, "it is evaluated at once and cannot be a generator")
            elif isinstance(inner, ast.Await | ast.AsyncFor | ast.AsyncWith) or _is_async(inner):
                refuse(file, inner, "it is evaluated without an event loop and cannot wait")


def _is_async(node: ast.AST) -> bool:
    return isinstance(node, _COMPREHENSIONS) and any(part.is_async for part in node.generators)


def refuse(file: str, node: ast.AST, reason: str) -> NoReturn:
    """Raise the error about a statement."""
    line = getattr(node, "lineno", 0)
    shown = ast.unparse(node).partition("\n")[0]
    if isinstance(node, ast.Yield | ast.YieldFrom):
        shown = shown.removeprefix("(").removesuffix(")")
    raise scope_error(f"{file}:{line}: a config scope cannot hold `{shown}`: {reason}", file, line)


def scope_error(message: str, file: str, line: int) -> ScopeError:
    """A :class:`ScopeError` that knows its place, as every ``SyntaxError`` does."""
    error = ScopeError(message)
    error.filename, error.lineno = file, line
    return error
