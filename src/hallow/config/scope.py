"""Config scopes: functions whose local variables are configuration entries."""

from __future__ import annotations

import ast
import builtins
from functools import cached_property, partial
from types import CellType, CodeType, FunctionType
from typing import TYPE_CHECKING, Any

from hallow.config.evaluation import Evaluation, is_configuration, skipped
from hallow.config.origins import Origin
from hallow.config.scopesource import check_body, compile_function, find_source, own_nodes, scope_error
from hallow.config.summary import SEED_DOC
from hallow.errors import ConfigKeyError, MissingValueError, ScopeSignatureError, ScopeSourceError
from hallow.settings import SETTINGS
from hallow.utils import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hallow.config.scopesource import Function
    from hallow.config.summary import ConfigSummary

_GENERATORS = 0x20 | 0x200  # co_flags of generators and asynchronous generators
_COROUTINE = 0x80
_VARARGS, _VARKEYWORDS = 0x04, 0x08


class ConfigScope:
    """A function whose local variables are configuration entries.

    The body is an ordinary function body: everything Python allows works, except to return a value, to yield and to
    wait. Entries are the names that are assigned and hold neither a module nor an open file
    (``SETTINGS.CONFIG.SCOPE_ENTRIES``). Where the source cannot be had, the results are the same without docs,
    annotations and dependencies.

    Args:
        func: a function whose parameters have no defaults.

    Attributes:
        func: the function.
        args: names of the parameters, which are filled from earlier sources and ingredients.
        docs: name to documentation, taken from comments.
        file: where the function is defined.
        line: line of its first statement or decorator.
        required: names that are declared without a value (``x: int``).
        lines: name to the line where it is bound first.

    Raises:
        ScopeSignatureError: for a parameter with a default, ``*args`` or ``**kwargs``.
        ScopeError: for a statement that a scope cannot hold, or a lambda.
        ScopeSourceError: for something that is not a Python function.
    """

    def __init__(self, func: Callable[..., Any]) -> None:
        self.func = _function(func)
        code = self.func.__code__
        self.__name__ = self.func.__name__
        self.__qualname__ = self.func.__qualname__
        self.__module__ = self.func.__module__
        self.__doc__ = self.func.__doc__
        self.file = code.co_filename
        self.line = code.co_firstlineno
        self.args = _parameters(self.func)
        self._read_source()
        self._compiled: CodeType | None = None
        self._origins: dict[int | None, Origin] = {}

    def _read_source(self) -> None:
        from hallow.config.scopenotes import Notes, take_notes

        found = find_source(self.func)
        notes = Notes()
        self._source = found and found[0]
        #: The tree, until it is used up.
        self._trees = [] if found is None else [found[1]]
        if found is not None:
            source, node = found
            nodes = own_nodes(node.body)
            check_body(nodes, self.file)
            notes = take_notes(node, nodes, source)
        if self.func.__code__.co_flags & _GENERATORS:
            raise scope_error(
                self.file,
                self.line,
                f"the config scope {self.__name__} holds a `yield`; it is evaluated at once and cannot be a generator",
            )
        self.docs = {**SEED_DOC, **notes.docs}
        self.required, self.lines = notes.required, notes.lines
        self._annotations = notes.annotations

    @cached_property
    def reads(self) -> dict[str, frozenset[str]]:
        """Name to the names of the scope that its value was computed from; found out on first use."""
        from hallow.config.scopenotes import dependencies

        return {} if self._source is None else dependencies(self._parsed())

    def _parsed(self) -> Function:
        node = self._source and self._source.parse()
        assert node is not None, "it was parsed when the scope was made"
        return node

    @cached_property
    def annotations(self) -> dict[str, Any]:
        """Name to declared type; evaluated on first use, what cannot be evaluated is left out."""
        types = {}
        names = _enclosing(self.func)
        for name, annotation in self._annotations.items():
            try:
                code = compile(ast.Expression(annotation), self.file, "eval")
                declared = eval(code, self.func.__globals__, names)  # noqa: S307 - the user wrote it
                if isinstance(declared, str):
                    declared = eval(declared, self.func.__globals__, names)  # noqa: S307
            except Exception:  # noqa: S112 - any expression can be an annotation
                continue
            types[name] = declared
        return types

    # ------------------------------------------------------------------------------------------------- evaluating

    def __call__(
        self,
        fixed: Mapping[str, Any] | None = None,
        preset: Mapping[str, Any] | None = None,
        fallback: Mapping[str, Any] | None = None,
    ) -> ConfigSummary:
        """Evaluate the body.

        Args:
            fixed: nested values that win over what the body assigns.
            preset: entries of earlier sources: available as parameters, part of the result.
            fallback: what else is available as parameters, but no part of the result.

        Returns:
            The entries, plain at every depth, and what became of the fixed values. Nothing is shared with the
            arguments.

        Raises:
            ConfigKeyError: if a parameter has no value, or on a key that is not allowed.
            ConfigTypeError: if an unquoted text does not suit the value it replaces.
            UpdateError: if an element of a list is fixed that is not there.
            MissingValueError: if the body uses a declared entry that nothing gives a value.
        """
        evaluation = Evaluation(fixed, preset, fallback, self._origin)
        arguments, foreign = self._arguments(evaluation)
        bound = self._run(evaluation, arguments)
        for name in self.required:
            evaluation.use(name)
        result = evaluation.summary(self._entries(evaluation, bound, foreign), whole=self.args, docs=self.docs)
        result.ignored_fallbacks |= {name for name in foreign if name in evaluation.origins and name != "_log"}
        return result

    def _arguments(self, evaluation: Evaluation) -> tuple[dict[str, Any], set[str]]:
        """The values of the parameters, and which of them are no entries."""
        values, foreign = {}, set()
        for name in self.args:
            if name in evaluation.preset or (name in evaluation.fixed and name not in evaluation.fallback):
                values[name] = evaluation.given(name)
            elif name in evaluation.fallback:
                values[name] = evaluation.seen(name)
                foreign.add(name)
            else:
                raise self._missing(name, evaluation)
        return values, foreign

    def _missing(self, name: str, evaluation: Evaluation) -> ConfigKeyError:
        known = sorted({*evaluation.preset, *evaluation.fallback, *evaluation.fixed})
        hint = did_you_mean(name, known)
        return ConfigKeyError(
            f"{name!r} not in preset for ConfigScope. Available options are: {{{', '.join(known)}}}.{hint} The scope "
            f"{self.__name__} ({self.file}:{self.line}) asks for it, but no earlier config source, ingredient or "
            "update gives it",
            print_traceback=False,
        )

    def _run(self, evaluation: Evaluation, arguments: dict[str, Any]) -> dict[str, Any]:
        """Run the body; returns its variables at the end."""
        try:
            run = self._watch if self._source is None else self._run_rewritten
            return run(evaluation, arguments)
        except UnboundLocalError as error:
            name = next((name for name in self.required if f"'{name}'" in str(error)), None)
            if name is None:
                raise
            raise MissingValueError(
                f"{name} ({self.file}:{self.lines[name]}) is declared without a value and used before anything gives "
                f"it one; give it after `with`, like {name}=VALUE, or in config_updates",
                print_traceback=False,
            ) from None

    def _run_rewritten(self, evaluation: Evaluation, arguments: dict[str, Any]) -> dict[str, Any]:
        from hallow.config import rewriting

        variables: dict[str, Any] = {}
        hooks = {
            rewriting.ASSIGN: evaluation.assign,
            rewriting.AUGMENT: evaluation.augment,
            rewriting.BIND: evaluation.bind,
            rewriting.DELETE: lambda name, _value: evaluation.delete(name),
            rewriting.DECLARE: evaluation.declare,
            rewriting.GIVEN: evaluation.given,
            rewriting.LOCALS: builtins.locals,
            rewriting.COLLECT: variables.update,
        }
        if self._compiled is None:
            self._compiled = self._compile()
        self._made(self._compiled, hooks, arguments)()
        return variables

    def _compile(self) -> CodeType:
        from hallow.config.rewriting import rewrite

        try:
            node = self._trees.pop()  # whoever gets it, in whatever thread, is the only one
        except IndexError:
            node = self._parsed()
        code = compile_function(rewrite(node), self.func)
        assert code is not None
        return code

    def _watch(self, evaluation: Evaluation, arguments: dict[str, Any]) -> dict[str, Any]:
        from hallow.config.tracing import Watcher

        function = self._made(self.func.__code__, {}, arguments)
        watcher = Watcher(self.func.__code__, evaluation)
        if self.func.__code__.co_flags & _COROUTINE:
            function = partial(_finish, function, self.file, self.line)
        returned = watcher.run(function)
        if returned is not None:
            raise scope_error(
                self.file,
                self.line,
                f"the config scope {self.__name__} returns a value ({returned!r}); its local variables are the "
                "entries, it cannot return one",
            )
        return watcher.locals

    def _made(self, code: CodeType, hooks: dict[str, Any], arguments: dict[str, Any]) -> Callable[[], Any]:
        """A function around ``code`` with the enclosing variables of the original and a copy of its globals."""
        cells = dict(zip(self.func.__code__.co_freevars, self.func.__closure__ or (), strict=True))
        closure = tuple(cells[name] for name in code.co_freevars)
        # A copy, so that `global` in a scope cannot change the module.
        function = FunctionType(code, {**self.func.__globals__, **hooks}, self.__name__, None, closure)
        positional = [arguments[name] for name in self.args[: code.co_posonlyargcount]]
        keywords = {name: arguments[name] for name in self.args[code.co_posonlyargcount :]}
        return partial(function, *positional, **keywords)

    # -------------------------------------------------------------------------------------------------- the result

    def _entries(self, evaluation: Evaluation, bound: dict[str, Any], foreign: set[str]) -> dict[str, Any]:
        """The variables that are entries; the docstring is one too."""
        everything = SETTINGS.CONFIG.SCOPE_ENTRIES == "all"
        hidden = {*self.func.__code__.co_freevars, *foreign}
        chosen = {*evaluation.origins, *self.args, *evaluation.fixed}
        entries: dict[str, Any] = {}
        left_out: dict[str, str] = {}
        if self.__doc__:
            entries["__doc__"] = evaluation.assign("__doc__", self._docstring())
        # The interpreter has them in the order of the text, whichever branch was taken.
        for name in [*(name for name in bound if name not in evaluation.bound), *evaluation.bound]:
            if name in hidden or name not in bound:
                continue
            value = bound[name]
            if not is_configuration(value):
                left_out[name] = type(value).__name__
            elif everything or name in chosen:
                entries[name] = value
            else:
                left_out[name] = "not assigned"
        if left_out:
            skipped(left_out)
        return entries

    def _docstring(self) -> str:
        """The docstring without the indentation of the body; the line of the closing quotes tells how much that is."""
        first, *others = (self.__doc__ or "").split("\n")
        margin = min((len(line) - len(line.lstrip()) for line in others if line), default=0)
        return "\n".join([first, *(line[margin:] for line in others)])

    def _origin(self, line: int | None) -> Origin:
        if line not in self._origins:
            self._origins[line] = Origin("scope", self.file, line or self.line, self.__name__)
        return self._origins[line]

    def __repr__(self) -> str:
        return f"<ConfigScope {self.__name__} of {self.file}:{self.line}>"


def _function(func: Any) -> FunctionType:
    """The Python function behind ``func``: decorators that say what they wrap are seen through."""
    inner: Any = func
    while not isinstance(inner, FunctionType):
        following = inner.func if isinstance(inner, ConfigScope) else getattr(inner, "__wrapped__", None)
        following = following if following is not None else getattr(inner, "__func__", None)
        if following is None:
            raise ScopeSourceError(
                f"a config scope is made from a function, not from {type(func).__name__} ({func!r}); for a dict or "
                "file use add_config"
            )
        inner = following
    while isinstance(wrapped := getattr(inner, "__wrapped__", None), FunctionType):
        inner = wrapped
    function: FunctionType = inner
    if inner.__name__ == "<lambda>":
        code = inner.__code__
        raise scope_error(
            code.co_filename,
            code.co_firstlineno,
            "a lambda has no local variables, so it cannot be a config scope; write a def",
        )
    return function


def _parameters(func: FunctionType) -> list[str]:
    code = func.__code__
    problem = ""
    if code.co_flags & _VARARGS:
        problem = "*args are not allowed for ConfigScope functions"
    elif code.co_flags & _VARKEYWORDS:
        problem = "**kwargs are not allowed for ConfigScope functions"
    elif func.__defaults__ or func.__kwdefaults__:
        problem = "default values are not allowed for ConfigScope functions"
    if problem:
        raise ScopeSignatureError(
            f"{problem}: {func.__name__} ({code.co_filename}:{code.co_firstlineno}). A parameter names an entry of an "
            "earlier config source or an ingredient"
        )
    return list(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])


def _enclosing(func: FunctionType) -> dict[str, Any]:
    """The variables of enclosing functions that have a value by now."""
    cells = zip(func.__code__.co_freevars, func.__closure__ or (), strict=True)
    unbound = CellType()
    return {name: cell.cell_contents for name, cell in cells if cell != unbound}


def _finish(function: Callable[[], Any], file: str, line: int) -> Any:
    """Run a coroutine function that never waits."""
    coroutine = function()
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    coroutine.close()
    raise scope_error(file, line, "a config scope is evaluated without an event loop and cannot wait")
