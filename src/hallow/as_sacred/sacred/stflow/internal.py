"""Taking part in the calls of a method."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from contextlib import ContextDecorator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["ContextMethodDecorator"]

Interceptor = Callable[[Any, Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


class ContextMethodDecorator(ContextDecorator):
    """While it is entered, calls of a method go through a function; may be entered again, also by other threads.

    Args:
        classx: the class; or a module, of which a function is meant.
        method_name: the method.
        decorator_func: called as ``decorator_func(instance, original_method, args, kwargs)`` in its place; the
            instance of a function is ``None``.
    """

    def __init__(self, classx: Any, method_name: str, decorator_func: Interceptor) -> None:
        self.method_name = method_name
        self.decorator_func = decorator_func
        self.original_method: Any = None
        self._class = classx
        self._inherited = False
        self._entered = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        with self._lock:
            self._entered += 1
            if self._entered == 1:
                self._inherited = self.method_name not in vars(self._class)
                self.original_method = getattr(self._class, self.method_name)
                self._replacement = self._made(self.original_method)
                setattr(self._class, self.method_name, self._replacement)
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._entered -= 1
            # Somebody else may have replaced it in turn; ours only passes calls on from now on.
            if self._entered == 0 and vars(self._class).get(self.method_name) is self._replacement:
                if self._inherited:
                    delattr(self._class, self.method_name)
                else:
                    setattr(self._class, self.method_name, self.original_method)

    def _made(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def replacement(*args: Any, **kwargs: Any) -> Any:
            if not self._entered:
                return original(*args, **kwargs)
            if isinstance(self._class, type):
                return self.decorator_func(args[0], original, args[1:], kwargs)
            return self.decorator_func(None, original, args, kwargs)

        return replacement
