"""SIGTERM and SIGHUP end a run instead of killing the process, so that its record says how it ended."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAMES = ("SIGTERM", "SIGHUP")


class Terminated(SystemExit):
    """A signal asked the process to end; its exit code is 128 + the number of the signal.

    Attributes:
        signal_name: such as ``"SIGTERM"``.
    """

    def __init__(self, number: int, signal_name: str) -> None:
        super().__init__(128 + number)
        self.signal_name = signal_name


@contextmanager
def signals_interrupt() -> Iterator[None]:
    """Turn the first such signal into :class:`Terminated`; those that follow let the record be finished.

    Only in the main thread, and only for signals that nobody else handles.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    import signal

    taken = [
        number
        for number in (getattr(signal, name, None) for name in _NAMES)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL
    ]
    handler = _Handler()
    _prepare_forks()
    for number in taken:
        signal.signal(number, handler)
    try:
        yield
    finally:
        for number in taken:
            if signal.getsignal(number) is handler:
                signal.signal(number, signal.SIG_DFL)


class _Handler:
    def __init__(self) -> None:
        self.called = False

    def __call__(self, number: int, _frame: Any) -> None:
        import signal

        if not self.called:
            self.called = True
            raise Terminated(number, signal.Signals(number).name)


@cache
def _prepare_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_restore_in_child)


def _restore_in_child() -> None:
    """Pools expect that the signal ends a worker, at once and whatever it does."""
    import signal

    for name in _NAMES:
        number = getattr(signal, name)
        if isinstance(signal.getsignal(number), _Handler):
            with suppress(ValueError):  # not in the main thread
                signal.signal(number, signal.SIG_DFL)
