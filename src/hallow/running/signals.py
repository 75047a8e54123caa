"""Signals that ask for the end of the process end its run first, so that the record says how it ended.

SIGTERM and SIGHUP, and those by which a scheduler announces that it will take the machine away
(``SETTINGS.PREEMPTION_SIGNALS``).
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_NAMES = ("SIGTERM", "SIGHUP")


class Terminated(SystemExit):
    """A signal asked the process to end; its exit code is 128 + the number of the signal.

    Attributes:
        signal_name: such as ``"SIGTERM"``.
    """

    def __init__(self, number: int, signal_name: str) -> None:
        super().__init__(128 + number)
        self.signal_name = signal_name

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (int(self.code) - 128, self.signal_name)  # type: ignore[arg-type]


class SignalWatch:
    """What one run knows of the signals that came, and how it has them wait while its record is finished."""

    def __init__(self, handler: _Handler | None) -> None:
        self._handler = handler
        self._holding = False

    @property
    def received(self) -> list[str]:
        """Names of the signals that came so far, in order, those that raised nothing included."""
        return list(self._handler.received) if self._handler is not None else []

    def hold(self) -> None:
        """From now on a signal waits: it raises :class:`Terminated` when the run is through with everything."""
        if self._handler is not None and not self._holding:
            self._holding = True
            self._handler.holds += 1

    def release(self) -> None:
        """Take back :meth:`hold`; done by the end of :func:`signals_interrupt`."""
        if self._handler is not None and self._holding:
            self._holding = False
            self._handler.holds -= 1


@contextmanager
def signals_interrupt(preemption: Iterable[str] | None = None) -> Iterator[SignalWatch]:
    """Turn the first such signal into :class:`Terminated`; those that follow let the record be finished.

    Only in the main thread, and only for signals that nobody else handles. A run inside a run shares the handler
    that is there already. If user code swallows the exception, the next signal raises again.

    Args:
        preemption: names of further signals; default: ``SETTINGS.PREEMPTION_SIGNALS``. Those that this system does
            not have, or does not let anybody handle, are left out.

    Yields:
        The watch. A signal that came while it was held is raised when the context ends without another exception.
    """
    if threading.current_thread() is not threading.main_thread():
        yield SignalWatch(None)
        return
    import signal

    wanted = [*_NAMES, *(SETTINGS.PREEMPTION_SIGNALS if preemption is None else preemption)]
    numbers = dict.fromkeys(getattr(signal, name) for name in wanted if hasattr(signal, name))
    handler = next((h for h in map(signal.getsignal, numbers) if isinstance(h, _Handler)), None) or _Handler()
    _prepare_forks()
    taken = [number for number in numbers if _take(number, handler)]
    watch = SignalWatch(handler)
    try:
        yield watch
        watch.release()
        handler.raise_waiting()
    finally:
        watch.release()
        for number in taken:
            if signal.getsignal(number) is handler:
                signal.signal(number, signal.SIG_DFL)


def _take(number: int, handler: _Handler) -> bool:
    """Whether the handler could be installed; what others have installed, also beside Python, stays."""
    import signal

    if signal.getsignal(number) is not signal.SIG_DFL or (number not in _usual() and _is_caught(number)):
        return False
    try:
        signal.signal(number, handler)
    except (OSError, ValueError):  # nobody may handle SIGKILL
        return False
    _TAKEN.add(number)
    return True


def _usual() -> set[int]:
    import signal

    return {getattr(signal, name) for name in _NAMES if hasattr(signal, name)}


def _is_caught(number: int) -> bool:
    """Whether code that Python knows nothing of, such as ``faulthandler``, handles the signal."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        with open("/proc/self/status", "rb") as file:
            caught = next(line for line in file if line.startswith(b"SigCgt:"))
        return bool(int(caught.split()[1], 16) >> (number - 1) & 1)
    except (OSError, StopIteration, ValueError, IndexError):
        return False


class _Handler:
    """Raises in the main thread, wherever that is.

    Attributes:
        received: names of the signals that came.
        holds: how many runs are finishing their record.
    """

    def __init__(self) -> None:
        self.received: list[str] = []
        self.holds = 0
        self._waiting: int | None = None
        self._raised: weakref.ref[Terminated] | None = None

    def __call__(self, number: int, _frame: Any) -> None:
        import signal

        self.received.append(signal.Signals(number).name)
        # As long as the exception exists, somebody is at work on it: a `finally` of the user's, or the record.
        # Once it is gone without the end of the run, user code has swallowed it.
        if self._raised is not None and self._raised() is not None:
            return
        if self.holds:
            self._waiting = number
            return
        self._raise(number)

    def raise_waiting(self) -> None:
        """Raise what came while the records were finished, once none is any more."""
        number, finishing = self._waiting, self.holds
        if number is not None and not finishing:
            self._waiting = None
            self._raise(number)

    def _raise(self, number: int) -> None:
        import signal

        error = Terminated(number, signal.Signals(number).name)
        self._raised = weakref.ref(error)
        try:
            raise error
        finally:
            del error  # this frame is in the traceback: a circle would keep the exception alive


# Numbers of the signals that were ever taken, for the handlers of forks.
_TAKEN: set[int] = set()
# What each thread that is forking had blocked before.
_BLOCKED: dict[int, Iterable[int]] = {}


@cache
def _prepare_forks() -> None:
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_restore_in_child)


def _block() -> None:
    """A signal that comes to the child before it has let go of our handler would be lost there: it has to wait."""
    import signal

    _BLOCKED[threading.get_ident()] = signal.pthread_sigmask(signal.SIG_BLOCK, _TAKEN)


def _unblock() -> None:
    import signal

    blocked = _BLOCKED.pop(threading.get_ident(), None)
    if blocked is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)


def _restore_in_child() -> None:
    """Pools expect that the signal ends a worker, at once and whatever it does."""
    import signal

    for number in _TAKEN:
        if isinstance(signal.getsignal(number), _Handler):
            with suppress(ValueError):  # not in the main thread
                signal.signal(number, signal.SIG_DFL)
    _unblock()
