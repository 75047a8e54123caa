"""The source of a config scope: found, checked, and read."""

from __future__ import annotations

import ast
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from hallow.errors import ScopeError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Function = ast.FunctionDef | ast.AsyncFunctionDef
_OWN_SCOPE = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
# pytest compiles the `assert` statements of test modules in its own way; the name is the mark of such a module.
_ASSERTIONS_REWRITTEN = "@pytest_ar"
_SYNONYMS = {"LOAD_METHOD": "LOAD_ATTR"}
_INCIDENTAL = frozenset({"CACHE", "EXTENDED_ARG", "NOP", "PRECALL", "PUSH_NULL", "RESUME"})
_CALLS = frozenset({"CALL_METHOD", "CALL_FUNCTION"})
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_ENDS = frozenset({*_OWN_SCOPE, ast.Name, ast.Constant})
_REFUSED = frozenset({ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.AsyncFor, ast.AsyncWith, *_COMPREHENSIONS})
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
        # Empty lines ahead, because a parser that counts from the right line is faster than all numbers changed later.
        ahead = "\n" * (self.first - 2) + "if 1:\n" if indented else "\n" * (self.first - 1)
        try:
            tree = ast.parse(ahead + "".join(self.lines))
        except (SyntaxError, ValueError):
            return None
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
    found = _verified(_indented_block(lines, code), function)
    if found is None:
        try:
            found = _verified(inspect.getblock(lines), function)
        except (SyntaxError, IndentationError):
            return None
    return found


def _verified(lines: list[str], function: FunctionType) -> tuple[ScopeSource, Function] | None:
    """Text and tree, if the text is that of the code that runs."""
    code = function.__code__
    source = ScopeSource(lines, code.co_firstlineno)
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


def _indented_block(lines: Sequence[str], code: CodeType) -> list[str]:
    """The lines of a function, found by their indentation.

    Many times faster than to read all tokens. Text that ends in lines with less indentation than the function (of a
    string, in brackets) is cut off, and is no Python then.
    """
    margin = _margin(lines[0])
    end = min(_last_line(code) - code.co_firstlineno + 1, len(lines))
    for number in range(end, len(lines)):
        text = lines[number].strip()
        if text and text[0] != "#":
            if _margin(lines[number]) <= margin:
                break
            end = number + 1
    return list(lines[:end])


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip())


def _last_line(code: CodeType) -> int:
    """The last line that has instructions, nested functions included."""
    own = max((line for _, _, line in code.co_lines() if line is not None), default=code.co_firstlineno)
    return max([own, *(_last_line(const) for const in code.co_consts if isinstance(const, CodeType))])


def compile_function(node: Function, function: FunctionType) -> CodeType | None:
    """Compile a tree in the place of ``function``: with its file name, compiler flags and enclosing scopes."""
    node.decorator_list = []
    around, names = _enclosed(node, function)
    module = ast.Module([around], [])
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

    jumps = {*dis.hasjrel, *dis.hasjabs}
    return [
        (_SYNONYMS.get(step.opname, step.opname), "" if step.opcode in jumps else str(step.argval))
        for step in dis.get_instructions(code)
        if step.opname not in _INCIDENTAL and step.opname not in _CALLS and not isinstance(step.argval, CodeType)
    ]


# --------------------------------------------------------------------------------------------------- reading it


def own_nodes(statements: Iterable[ast.AST]) -> list[ast.AST]:
    """All nodes of a scope in the order of the text; nested functions and classes are given, not entered."""
    found: list[ast.AST] = []
    waiting = list(statements)[::-1]
    while waiting:
        inner = waiting.pop()
        found.append(inner)
        if type(inner) not in _ENDS:
            waiting += parts(inner)[::-1]
    return found


def parts(node: ast.AST) -> list[ast.AST]:
    """The nodes right below ``node``; whether names are read or bound is no part of it."""
    found: list[ast.AST] = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list):
            found += [item for item in value if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST) and field != "ctx":
            found.append(value)
    return found


def check_body(nodes: Iterable[ast.AST], file: str) -> None:
    """Refuse statements that a scope cannot hold.

    Args:
        nodes: those of the scope.
        file: where it is defined.

    Raises:
        ScopeError: naming file, line and statement.
    """
    for inner in nodes:
        kind = type(inner)
        if kind not in _REFUSED:
            continue
        if kind is ast.Return:
            value = inner.value  # type: ignore[attr-defined]
            if value is not None and not (isinstance(value, ast.Constant) and value.value is None):
                refuse(file, inner, "its local variables are the entries, it cannot return a value")
        elif kind in (ast.Yield, ast.YieldFrom):
            refuse(file, inner, "it is evaluated at once and cannot be a generator")
        elif kind not in _COMPREHENSIONS or _is_async(inner):
            refuse(file, inner, "it is evaluated without an event loop and cannot wait")


def _is_async(comprehension: Any) -> bool:
    return any(part.is_async for part in comprehension.generators)


def refuse(file: str, node: ast.AST, reason: str) -> NoReturn:
    """Raise the error about a statement."""
    line = getattr(node, "lineno", 0)
    shown = ast.unparse(node).partition("\n")[0]
    if isinstance(node, ast.Yield | ast.YieldFrom):
        shown = shown.removeprefix("(").removesuffix(")")
    raise scope_error(file, line, f"a config scope cannot hold `{shown}`: {reason}")


def scope_error(file: str, line: int, problem: str) -> ScopeError:
    """A :class:`ScopeError` that says its place and knows it, as every ``SyntaxError`` does."""
    error = ScopeError(f"{file}:{line}: {problem}")
    error.filename, error.lineno = file, line
    return error
