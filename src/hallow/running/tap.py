"""The tap on the descriptors 1 and 2.

While anything is captured, the descriptors lead into a spool: an unlinked file that every process can append
to without waiting for us. A thread copies what is new to where the descriptors led before; whoever ends a
capture reads the spool up to its size at that moment, so nothing is missing and no child that still holds it
can delay the end.

One tap serves the whole process: each capture is a subscriber that begins and ends when it likes, and the
last one restores the descriptors.
"""

from __future__ import annotations

import os
import sys
import threading
from codecs import getincrementaldecoder
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from hallow.running.clock import call_later
from hallow.running.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.capture import CapturedStdout

_BUSY, _IDLE = 0.004, 0.05  # seconds between looks at the spool


class Tap:
    """Diverts, follows, restores."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.spools = [Spool(numbers) for numbers in _targets()]
        self.subscribers: list[_Subscriber] = []
        # Guards the subscribers and how far the spools are collected.
        self._collect_lock = threading.Lock()
        # Guards how far they are copied. Not the lock above: a held terminal must not hold up the beats.
        self._copy_lock = threading.Lock()
        self._stop = threading.Event()
        self._diverted = False
        self._lingering = False
        self._breakpointhook = sys.breakpointhook
        # Guards whether there is a thread that follows, and whether there may be one.
        self._follow_lock = threading.Lock()
        self._follower: threading.Thread | None = None
        self._ended = False

    def open(self) -> None:
        """Start."""
        self._alarm = call_later(_BUSY, self._start_following)
        for spool in self.spools:
            spool.divert()
        self._diverted = True
        sys.breakpointhook = self._breakpoint

    # ---------------------------------------------------------------------------------------- subscribers

    def subscribe(self, capture: CapturedStdout) -> None:
        """From now on ``capture`` gets what is written."""
        self.pull()
        with self._collect_lock:
            self.subscribers.append(_Subscriber(capture))

    def unsubscribe(self, capture: CapturedStdout) -> None:
        """Give ``capture`` what was written up to now, and nothing more."""
        self.pull()
        with self._collect_lock:
            for subscriber in self.subscribers:
                if subscriber.capture is capture:
                    subscriber.finish()
            self.subscribers = [one for one in self.subscribers if one.capture is not capture]

    def pull(self) -> None:
        """Flush all buffers and collect."""
        from hallow.running.capture import flush

        if self.pid == os.getpid():
            flush()
            with suppress(OSError):
                self.collect(everything=True)

    def collect(self, everything: bool = False) -> bool:
        """Give the subscribers what is new; whether there was anything.

        Args:
            everything: also what waits for the end of a line in the other stream.
        """
        found = False
        with self._collect_lock:
            for spool in self.spools:
                for data in spool.unread(spool.collected):
                    spool.collected += len(data)
                    found = True
                    for subscriber in self.subscribers:
                        subscriber.feed(spool, data)
            for subscriber in self.subscribers:
                subscriber.settle(everything)
        return found

    # ------------------------------------------------------------------------------------------ terminal

    def copy(self) -> bool:
        """Write what is new to where the descriptors led before; whether there was anything."""
        found = False
        with self._copy_lock:
            for spool in self.spools:
                for data in spool.unread(spool.copied):
                    spool.copied += len(data)
                    found = True
                    _write_all(spool.saved[0], data)
        return found

    def _start_following(self) -> None:
        with self._follow_lock:
            if self._follower is None and not self._ended:
                self._follower = threading.Thread(target=self._follow, name="hallow-capture", daemon=True)
                self._follower.start()

    def _follow(self) -> None:
        with suppress(OSError):
            self._copy_until_stopped()

    def _copy_until_stopped(self) -> None:
        delay = 0.0
        while not self._stop.wait(delay):
            found = self.collect()
            found = self.copy() or found
            delay = _BUSY if found else min(max(delay, _BUSY) * 1.5, _IDLE)
            if self._lingering and not _children():
                break
        self.copy()
        self._let_go()

    def _let_go(self) -> None:
        for spool in self.spools:
            spool.close()

    def restore(self) -> None:
        """Let the descriptors lead where they led before; everything written so far gets there first."""
        if not self._diverted or self.pid != os.getpid():
            return
        self.pull()
        self.copy()
        for spool in self.spools:
            spool.restore()
        self._diverted = False
        # What other threads wrote between the two lines above.
        self.copy()
        if sys.breakpointhook == self._breakpoint:
            sys.breakpointhook = self._breakpointhook

    def close(self) -> None:
        """Restore and end; while child processes live that may write into the spool, copying goes on."""
        self.restore()
        self._alarm.cancel()
        self._lingering = _children()
        if self._lingering:
            self._start_following()
            return
        with self._follow_lock:
            self._ended = True
        self._stop.set()
        if self._follower is None:
            self._let_go()
        elif threading.current_thread() is not self._follower:
            self._follower.join(timeout=10)

    def _breakpoint(self, *args: Any, **kwargs: Any) -> Any:
        """The prompt of a debugger needs the terminal: no more capturing from here on."""
        wanted = os.environ.get("PYTHONBREAKPOINT", "")
        if wanted == "0":
            return None
        self.restore()
        if self._breakpointhook is not sys.__breakpointhook__ or wanted not in ("", "pdb.set_trace"):
            return self._breakpointhook(*args, **kwargs)
        import pdb  # noqa: T100 - the user asked for it

        # Through the default hook, the debugger would stop in this function.
        return pdb.Pdb().set_trace(sys._getframe(1))


class _Subscriber:
    """A capture, and its place between two bytes of a character in each spool.

    Where the two streams lead to different places they have a spool each, and what is new in both is joined here: a
    line that one of them has begun is finished before the other goes on. Streams are buffered, so the rest of a line
    may be long in coming: it is waited for until the next beat, which flushes the buffers. A line with a carriage
    return belongs to a progress bar and is not waited for.
    """

    def __init__(self, capture: CapturedStdout) -> None:
        self.capture = capture
        self._decoders: dict[Spool, Any] = {}
        self._waiting: dict[Spool, str] = {}
        self._open: Spool | None = None

    def feed(self, spool: Spool, data: bytes) -> None:
        """Take what is new in a spool; it is passed on by :meth:`settle`."""
        decoder = self._decoders.get(spool)
        if decoder is None:
            decoder = self._decoders[spool] = getincrementaldecoder("utf-8")("replace")
        self._waiting[spool] = self._waiting.get(spool, "") + decoder.decode(data)

    def settle(self, everything: bool) -> None:
        """Pass on what is waiting, but nothing into the middle of a line unless ``everything`` is wanted."""
        if self._open is not None:
            self._emit(self._open)
        for spool in list(self._waiting):
            if everything or self._open is None:
                self._emit(spool)

    def _emit(self, spool: Spool) -> None:
        text = self._waiting.pop(spool, "")
        if text:
            self.capture.append(text)
            line = text[text.rfind("\n") + 1 :]
            self._open = spool if line and "\r" not in line else None

    def finish(self) -> None:
        """Pass on everything."""
        for spool, decoder in self._decoders.items():
            self._waiting[spool] = self._waiting.get(spool, "") + decoder.decode(b"", final=True)
        self.settle(everything=True)


# -------------------------------------------------------------------------------------------- one per process


class _Process:
    """The tap of this process; a forked child starts without one."""

    lock = threading.Lock()
    tap: Tap | None = None
    prepared = False


@contextmanager
def tapped(capture: CapturedStdout) -> Iterator[bool]:
    """Give ``capture`` what reaches the descriptors meanwhile; yields whether that is possible."""
    tap = _joined(capture)
    if tap is None:
        yield False
        return
    try:
        yield True
    finally:
        # The user may have closed descriptors that are ours, as daemons do; what was read by then is kept.
        with suppress(OSError):
            if tap.pid == os.getpid():
                _left(tap, capture)


def _joined(capture: CapturedStdout) -> Tap | None:
    with _Process.lock:
        if _Process.tap is None:
            _Process.tap = _opened()
        if _Process.tap is not None:
            capture._pull = _Process.tap.pull
            _Process.tap.subscribe(capture)
        return _Process.tap


def _left(tap: Tap, capture: CapturedStdout) -> None:
    with _Process.lock:
        tap.unsubscribe(capture)
        if not tap.subscribers:
            if _Process.tap is tap:
                _Process.tap = None
            tap.close()


def _opened() -> Tap | None:
    from hallow.running.capture import flush

    try:
        # What was printed earlier belongs to the terminal only.
        flush()
        tap = Tap()
        if not tap.spools:
            return None
        tap.open()
    except (OSError, AttributeError, RuntimeError) as error:
        from logging import getLogger

        getLogger("hallow.capture").debug("The descriptors cannot be captured: %r", error)
        return None
    _prepare()
    return tap


def _prepare() -> None:
    if _Process.prepared:
        return
    _Process.prepared = True
    import atexit

    atexit.register(_at_exit)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_after_fork)


def _at_exit() -> None:
    if _Process.tap is not None:
        _Process.tap.restore()


def _after_fork() -> None:
    # The lock may have been held by a thread that does not exist here.
    _Process.lock = threading.Lock()
    _Process.tap = None


# ------------------------------------------------------------------------------------------------ descriptors


def _targets() -> list[list[int]]:
    """The descriptors to divert, those that lead to the same place together, so that their order is kept."""
    numbers = [n for n, stream in ((1, sys.__stdout__), (2, sys.__stderr__)) if stream is not None and _is_open(n)]
    if len(numbers) == 2 and os.path.sameopenfile(*numbers):
        return [numbers]
    return [[number] for number in numbers]


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _write_all(descriptor: int, data: bytes) -> None:
    """Write, waiting for a reader that is slow; if there is none any more, the bytes are only captured."""
    view = memoryview(data)
    with suppress(OSError):
        while view:
            view = view[_write_some(descriptor, view) :]


def _write_some(descriptor: int, view: memoryview) -> int:
    try:
        return os.write(descriptor, view)
    except BlockingIOError:
        import select

        select.select([], [descriptor], [], 1.0)
        return 0


def _children() -> bool:
    """Whether this process has child processes (also ended ones that nobody waited for)."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (OSError, AttributeError):
        return False
    return True
