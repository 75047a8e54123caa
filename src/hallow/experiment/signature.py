"""The arguments of a callable, and how a call is completed from configuration."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from types import FunctionType
from typing import Any

from hallow.errors import MissingConfigError, SignatureError

_CO_VARARGS, _CO_VARKEYWORDS = 0x04, 0x08


class Signature:
    """What a callable takes.

    Attributes:
        name: its ``__name__``.
        arguments: names of all arguments, without ``*args`` and ``**kwargs``.
        positional: those that can be given by position, in order.
        positional_only: those that can only be given by position.
        vararg_name: name after ``*``, or ``None``.
        kw_wildcard_name: name after ``**``, or ``None``.
        positional_args: positional arguments without default.
        kwargs: name to default, of all arguments that have one.
    """

    __slots__ = (
        "arguments",
        "kw_wildcard_name",
        "kwargs",
        "name",
        "positional",
        "positional_args",
        "positional_only",
        "vararg_name",
    )

    def __init__(self, f: Callable[..., Any]) -> None:
        self.name = callable_name(f)
        if type(f) is FunctionType and not hasattr(f, "__signature__") and not hasattr(f, "__wrapped__"):
            self._from_code(f)
        else:
            self._from_inspect(f)
        self.positional_args = [name for name in self.positional if name not in self.kwargs]

    def _from_code(self, f: FunctionType) -> None:
        """Read a plain function's code object: twenty times faster than ``inspect.signature``."""
        code = f.__code__
        names = code.co_varnames
        first, only = code.co_argcount, code.co_posonlyargcount
        last = first + code.co_kwonlyargcount
        self.positional = list(names[:first])
        self.positional_only = list(names[:only])
        self.arguments = list(names[:last])
        has_vararg = bool(code.co_flags & _CO_VARARGS)
        self.vararg_name = names[last] if has_vararg else None
        self.kw_wildcard_name = names[last + has_vararg] if code.co_flags & _CO_VARKEYWORDS else None
        defaults = f.__defaults__ or ()
        self.kwargs = dict(zip(self.positional[first - len(defaults) :], defaults, strict=True))
        self.kwargs.update(f.__kwdefaults__ or {})

    def _from_inspect(self, f: Callable[..., Any]) -> None:
        parameters = inspect.signature(f).parameters.values()
        kind = inspect.Parameter
        self.positional = [p.name for p in parameters if p.kind in (kind.POSITIONAL_ONLY, kind.POSITIONAL_OR_KEYWORD)]
        self.positional_only = [p.name for p in parameters if p.kind is kind.POSITIONAL_ONLY]
        keyword_only = [p.name for p in parameters if p.kind is kind.KEYWORD_ONLY]
        self.arguments = [*self.positional, *keyword_only]
        self.vararg_name = next((p.name for p in parameters if p.kind is kind.VAR_POSITIONAL), None)
        self.kw_wildcard_name = next((p.name for p in parameters if p.kind is kind.VAR_KEYWORD), None)
        self.kwargs = {p.name: p.default for p in parameters if p.default is not kind.empty}

    # ------------------------------------------------------------------------------------ completing a call

    def get_free_parameters(self, args: Sequence[Any], kwargs: Mapping[str, Any], bound: bool = False) -> list[str]:
        """Arguments that the call leaves open; ``bound`` skips the first one (``self``)."""
        return [name for name in self.open_arguments(len(args) + bound) if name not in kwargs]

    def open_arguments(self, given: int) -> list[str]:
        """Arguments that ``given`` positional values leave open; what exceeds the positional ones goes to ``*args``."""
        return [*self.positional[given:], *self.arguments[len(self.positional) :]]

    def construct_arguments(
        self, args: Sequence[Any], kwargs: Mapping[str, Any], options: Mapping[str, Any], bound: bool = False
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Complete a call: what is given wins, then ``options``, then the defaults of the signature.

        Args:
            args: positional arguments of the call.
            kwargs: keyword arguments of the call; not changed.
            options: where open arguments are looked up by name.
            bound: whether the first argument (``self``) is already bound.

        Raises:
            SignatureError: for surplus, unknown or repeated arguments.
            MissingConfigError: for arguments that stay open and have no default.
        """
        self.check(args, kwargs, bound)
        filled = dict(kwargs)
        for name in self.get_free_parameters(args, kwargs, bound):
            if name in options:
                filled[name] = options[name]
        missing = [name for name in self.get_free_parameters(args, filled, bound) if name not in self.kwargs]
        if missing:
            raise MissingConfigError(f"{self.name} is missing value(s):", missing)
        return self._place_positional_only(tuple(args), filled, bound)

    def check(self, args: Sequence[Any], kwargs: Mapping[str, Any], bound: bool = False) -> None:
        """Raise SignatureError where Python would refuse the call for its form."""
        positional = self.positional[bound:]
        if len(args) > len(positional) and self.vararg_name is None:
            raise SignatureError(f"{self.name} got unexpected argument(s): {tuple(args[len(positional) :])}")
        taken = self.arguments[bound:]
        unknown = [name for name in kwargs if name not in taken]
        if unknown and self.kw_wildcard_name is None:
            raise SignatureError(f"{self.name} got unexpected kwarg(s): {sorted(unknown)}")
        twice = [name for name in positional[: len(args)] if name in kwargs]
        if twice:
            raise SignatureError(f"{self.name} got multiple values for argument(s) {twice}")

    def refuses(self, given: int, names: Collection[str]) -> bool:
        """Whether Python would refuse a call with ``given`` positional arguments and these keywords for its form."""
        try:
            self.check(range(given), dict.fromkeys(names))
        except SignatureError:
            return True
        return False

    def _place_positional_only(
        self, args: tuple[Any, ...], filled: dict[str, Any], bound: bool
    ) -> tuple[tuple[Any, ...], dict[str, Any]]:
        for name in self.positional_only[len(args) + bound :]:
            if name not in filled:
                break  # defaults of the signature follow; nothing after them can be given by position
            args = (*args, filled.pop(name))
        return args, filled

    def __str__(self) -> str:
        shown = [*self.positional]
        if self.vararg_name:
            shown.append(f"*{self.vararg_name}")
        shown += self.arguments[len(self.positional) :]
        if self.kw_wildcard_name:
            shown.append(f"**{self.kw_wildcard_name}")
        texts = [f"{name}={self.kwargs[name]!r}" if name in self.kwargs else name for name in shown]
        return f"{self.name}({', '.join(texts)})"

    def __repr__(self) -> str:
        return f"<Signature {self}>"


def callable_name(f: Any) -> str:
    """The name of any callable: that of the function inside a partial, of the class of an instance."""
    while not hasattr(f, "__name__"):
        if not hasattr(f, "func"):
            return type(f).__name__
        f = f.func
    return str(f.__name__)
