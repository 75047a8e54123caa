"""Capturing what a run prints, while it still reaches the terminal.

``get_stdcapturer(mode)`` gives a context manager for ``"no"``, ``"sys"`` (writes to Python's streams) or
``"fd"`` (whatever reaches the descriptors 1 and 2, child processes included). Where a mode is not possible
the next simpler one is used; the ``mode`` of what the context manager yields tells which.
"""

from __future__ import annotations

import sys
from collections import deque
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from hallow.errors import SettingError
from hallow.running.context import enclosing_run
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager


class CapturedStdout:
    """The text of one capture.

    Attributes:
        mode: the mode that is really in use.
        owner: the run that the capture belongs to, or ``None``.
        closed: whether it is over; :meth:`get` still gives the rest.
    """

    def __init__(self, mode: str = "no", pull: Callable[[], None] | None = None) -> None:
        self.mode = mode
        self.owner = enclosing_run()
        self.closed = False
        self._pull = pull
        # Without a lock, which a process forked at the wrong moment would find held for ever.
        self._parts: deque[str] = deque()

    def append(self, text: str) -> None:
        """Add what was just written."""
        self._parts.append(text)

    def get(self) -> str:
        """What was written since the last call."""
        if self._pull is not None and not self.closed:
            self._pull()
        return "".join(self._parts.popleft() for _ in range(len(self._parts)))

    def flush(self) -> None:
        """Write out what Python's and C's streams still hold."""
        flush()

    def finalize(self) -> None:
        """End the capture; nothing is added afterwards."""
        if self._pull is not None and not self.closed:
            self._pull()
        self.closed = True


def flush() -> None:
    """Flush ``sys.stdout``, ``sys.stderr`` and the buffers of C's stdio; errors are ignored."""
    flush_python()
    flush_c()


def flush_python() -> None:
    """Flush Python's streams, which may be closed or missing."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        # Closed, missing or full: not ours to report.
        with suppress(Exception):
            stream.flush()  # type: ignore[union-attr]


def flush_c() -> None:
    """Flush C's stdout and stderr, not all files: another thread may wait and hold the lock of stdin."""
    # Another platform, or no C library to be had.
    with suppress(Exception):
        fflush, *streams = _c_streams()
        for stream in streams:
            fflush(stream)


@cache
def _c_streams() -> tuple[Any, ...]:
    """The function ``fflush`` and the variables that hold the two streams."""
    import ctypes

    libc = ctypes.CDLL(None)
    names = ("__stdoutp", "__stderrp") if sys.platform == "darwin" else ("stdout", "stderr")
    return libc.fflush, *(ctypes.c_void_p.in_dll(libc, name) for name in names)


# ------------------------------------------------------------------------------------------------------ modes


@contextmanager
def no_tee() -> Iterator[CapturedStdout]:
    """Capture nothing."""
    out = CapturedStdout("no")
    try:
        yield out
    finally:
        out.finalize()


@contextmanager
def tee_output_python() -> Iterator[CapturedStdout]:
    """Capture writes to ``sys.stdout`` and ``sys.stderr``, in the order they are made."""
    from hallow.running.streams import streams_teed

    out = CapturedStdout("sys")
    try:
        with streams_teed(out):
            yield out
    finally:
        out.finalize()


@contextmanager
def tee_output_fd() -> Iterator[CapturedStdout]:
    """Capture what reaches the descriptors 1 and 2, and Python streams that lead elsewhere (notebooks)."""
    from hallow.running.streams import streams_teed
    from hallow.running.tap import tapped

    out = CapturedStdout("fd")
    with tapped(out) as works:
        if not works:
            out.mode = "sys"
        try:
            with streams_teed(out, besides_descriptors=works):
                yield out
        finally:
            out.finalize()


_MODES: dict[str, Callable[[], AbstractContextManager[CapturedStdout]]] = {
    "no": no_tee,
    "sys": tee_output_python,
    "fd": tee_output_fd,
}


def get_stdcapturer(
    mode: str | None = None,
) -> tuple[str, Callable[[], AbstractContextManager[CapturedStdout]]]:
    """The mode (default: ``SETTINGS.CAPTURE_MODE``) and its context manager.

    Under a debugger nothing is captured, for its prompt must reach the terminal at once.

    Raises:
        SettingError: (a KeyError) if there is no such mode.
    """
    mode = SETTINGS.CAPTURE_MODE if mode is None else mode
    if mode not in _MODES:
        raise SettingError(f"there is no capture mode {mode!r}; the modes are {', '.join(map(repr, _MODES))}")
    if debugger_active():
        mode = "no"
    return mode, _MODES[mode]


def debugger_active() -> bool:
    """Whether a debugger traces this thread (measuring coverage also traces, but minds no capture)."""
    trace: Any = sys.gettrace()
    if trace is None:
        return False
    debugger = getattr(trace, "__self__", trace)
    bdb = sys.modules.get("bdb")
    home = str(getattr(type(debugger), "__module__", "")) + str(getattr(trace, "__module__", ""))
    return "pydevd" in home or (bdb is not None and isinstance(debugger, bdb.Bdb))
