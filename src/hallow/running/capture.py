"""Capturing what a run prints, while it still reaches the terminal.

``get_stdcapturer(mode)`` gives a context manager for ``"no"``, ``"sys"`` (writes to Python's streams) or
``"fd"`` (whatever reaches the descriptors 1 and 2, child processes included). Where a mode is not possible
the next simpler one is used; the ``mode`` of what the context manager yields tells which. The context managers take
``streams``: ``"both"`` (the default), ``"stdout"`` or ``"stderr"``.
"""

from __future__ import annotations

import os
import sys
import threading
from codecs import getincrementaldecoder
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any

from hallow.errors import SettingError
from hallow.running.context import enclosing_run
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from hallow.running.raw import Raw


class CapturedStdout:
    """The output of one capture.

    Attributes:
        mode: the mode that is really in use.
        raw: the bytes, or ``None`` if nothing is captured.
        owner: the run that the capture belongs to, or ``None``.
        closed: whether it is over; :meth:`get` still gives the rest.
    """

    def __init__(self, mode: str = "no", raw: Raw | None = None) -> None:
        self.mode = mode
        self.raw = raw
        self.owner = enclosing_run()
        self.closed = False
        self._pid = os.getpid()
        # Guards how far the text was given out.
        self._get_lock = threading.RLock()
        self._given = 0
        self._decoder: Any = None

    def append(self, data: bytes) -> None:
        """Add what was just written to a stream of Python's."""
        if self.raw is not None and not self.closed:
            self.raw.append(data)

    def keep_in(self, folder: str, durable: bool = True) -> None:
        """Have the raw bytes in files of ``folder`` from the moment they are written, and those written already.

        The files are ``output``, and ``output.1`` and ``output.2`` beside it where the two streams lead to different
        places. They stay when the capture ends.

        Args:
            folder: of the journal.
            durable: in mode fd, what Python would keep in the memory of the process until it is flushed is at once in
                a further file, ``staging``: :func:`hallow.running.merging.resume_merge` finds it after a crash.

        Raises:
            OSError: if they cannot be written; capturing goes on as before then.
        """
        if self.raw is not None:
            self.raw.keep_in(folder, durable)

    def get(self) -> str:
        """What was written since the last call; nothing in a forked child."""
        if self.raw is None or self._pid != os.getpid():
            return ""
        with self._get_lock:
            if self._decoder is None:
                self._decoder = getincrementaldecoder("utf-8")("replace")
            closed = self.closed
            if not closed:
                self.raw.pull(everything=True)
            data = self.raw.read(self._given, self.raw.size - self._given)
            self._given += len(data)
            return str(self._decoder.decode(data, closed))

    def flush(self) -> None:
        """Write out what Python's and C's streams still hold."""
        flush()

    def finalize(self) -> None:
        """End the capture; nothing is added afterwards."""
        if self.raw is not None and not self.closed and self._pid == os.getpid():
            self.raw.pull(everything=True)
            self.raw.end()
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
def no_tee(streams: str = "both") -> Iterator[CapturedStdout]:  # noqa: ARG001 - as the other two
    """Capture nothing."""
    out = CapturedStdout("no")
    try:
        yield out
    finally:
        out.finalize()


@contextmanager
def tee_output_python(streams: str = "both") -> Iterator[CapturedStdout]:
    """Capture writes to ``sys.stdout`` and ``sys.stderr``, in the order they are made.

    Args:
        streams: ``"both"``, or only ``"stdout"`` or ``"stderr"``.
    """
    from hallow.running.raw import Raw
    from hallow.running.streams import streams_teed, streams_to_tee

    raw = Raw()
    raw.settle_sources(own=True)
    out = CapturedStdout("sys", raw)
    try:
        with streams_teed(out, streams_to_tee(_STREAMS[streams])):
            yield out
    finally:
        out.finalize()


@contextmanager
def tee_output_fd(streams: str = "both") -> Iterator[CapturedStdout]:
    """Capture what reaches the descriptors 1 and 2, and Python streams that lead elsewhere (notebooks).

    Args:
        streams: ``"both"``, or only ``"stdout"`` or ``"stderr"``.
    """
    from hallow.running.raw import Raw
    from hallow.running.streams import streams_teed, streams_to_tee
    from hallow.running.tap import tapped

    raw = Raw()
    wanted = _STREAMS[streams]
    with tapped(raw, wanted) as works:
        names = streams_to_tee(wanted, besides_descriptors=works)
        raw.settle_sources(own=bool(names))
        out = CapturedStdout("fd" if works else "sys", raw)
        try:
            with streams_teed(out, names):
                yield out
        finally:
            out.finalize()


_STREAMS = {"both": {1, 2}, "stdout": {1}, "stderr": {2}}

_MODES: dict[str, Callable[..., AbstractContextManager[CapturedStdout]]] = {
    "no": no_tee,
    "sys": tee_output_python,
    "fd": tee_output_fd,
}


def get_stdcapturer(
    mode: str | None = None,
) -> tuple[str, Callable[..., AbstractContextManager[CapturedStdout]]]:
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
