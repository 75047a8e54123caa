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
from contextlib import contextmanager, suppress
from logging import getLogger
from typing import TYPE_CHECKING, Any

from hallow.running.clock import call_later
from hallow.running.forks import exits_noted
from hallow.running.raw import Reach
from hallow.running.spool import Spool, SpoolFile
from hallow.running.staging import Outflow, Stages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.raw import Raw

#: Seconds before a thread follows what is written; then between its looks, more and more up to the first number while
#: there is something new, and up to the second while there is not. Each look takes the printing thread's time.
_BUSY, _STEADY, _IDLE = 0.004, 0.03, 0.05


class Tap:
    """Diverts, follows, restores."""

    def __init__(self) -> None:
        # Looked up here, for at the end of the interpreter nothing can be imported any more.
        from hallow.running.capture import flush, flush_python

        self._flush, self._flush_python = flush, flush_python
        self.pid = os.getpid()
        self.spools: list[Spool] = []
        self.raws: list[Raw] = []
        # Guards the two lists, which files the spools lead into, and how far the runs have joined them.
        self.lock = threading.RLock()
        # Guards how far they are copied. Not the lock above: a held terminal must not hold up the beats.
        self._copy_lock = threading.Lock()
        self._stop = threading.Event()
        self._diverted = False
        self._lingering = False
        self._told_of_room = False
        #: What Python's streams have taken and the descriptors have not.
        self.stages = Stages()
        self._breakpointhook = sys.breakpointhook
        # Guards whether there is a thread that follows, and whether there may be one.
        self._follow_lock = threading.Lock()
        self._follower: threading.Thread | None = None
        self._ended = False

    def open(self) -> None:
        """Start."""
        self._alarm = call_later(_BUSY, self._start_following)
        self._diverted = True
        sys.breakpointhook = self._breakpoint

    # ---------------------------------------------------------------------------------------------- runs

    def join(self, raw: Raw, wanted: set[int]) -> bool:
        """From now on ``raw`` gets what reaches these descriptors; whether there are any."""
        # What was printed earlier belongs to the terminal only, or to the runs that are there already.
        self.pull()
        with self.lock:
            self._divert(wanted)
            for spool in self.spools:
                if wanted.intersection(spool.numbers):
                    raw.reaches[spool.numbers[0]] = Reach(spool.file, spool.file.size())
            if raw.reaches:
                raw.join(self)
                self.raws.append(raw)
        return bool(raw.reaches)

    def _divert(self, wanted: set[int]) -> None:
        """Divert what is wanted and not diverted yet; what was restored for a debugger stays as it is."""
        diverted = {number for spool in self.spools for number in spool.numbers}
        if self.spools and not self._diverted:
            return
        for numbers in _targets(wanted - diverted):
            spool = Spool(numbers)
            spool.divert()
            self.spools.append(spool)

    def keep(self, raw: Raw, folder: str) -> None:
        """Lead descriptors into files of the folder where no other run does so already."""
        with self.lock:
            for spool in self.spools:
                if spool.owner is None and spool.numbers[0] in raw.reaches:
                    self._lead_on(spool, raw, folder)
                else:
                    self.stages.lay_over()

    def _lead_on(self, spool: Spool, heir: Raw | None, folder: str | None) -> None:
        number = spool.numbers[0]
        if heir is None or folder is None:
            file = SpoolFile.unnamed()
        else:
            file = SpoolFile.opened(os.path.join(folder, heir.name_of(number)))
        others = [raw.reaches[number] for raw in self.raws if raw is not heir and number in raw.reaches]
        # Nothing is on its way while it is not clear where it goes.
        self.stages.pause(spool.numbers)
        with self.stages.held(spool.numbers):
            spool.lead_on(file, None if heir is None else heir.reaches[number], others)
        spool.owner = None if folder is None else heir
        if spool.owner is not None and spool.owner.durable and self._diverted and folder is not None:
            self.stages.place([self._outflow(spool, one) for one in spool.numbers], folder)
        else:
            self.stages.leave(spool.numbers)

    def _outflow(self, spool: Spool, number: int) -> Outflow:
        return Outflow(
            number,
            spool.numbers[0],
            lambda data: self._show(spool, number, data),
            lambda error: self._found_no_room(spool, error),
        )

    def end(self, raw: Raw) -> None:
        """Give ``raw`` what was written up to now, and nothing more; a run that goes on gets the descriptors."""
        self.pull()
        with self.lock:
            raw.end()
            self.raws = [one for one in self.raws if one is not raw]
            for spool in self.spools if self.raws else ():
                if spool.owner is raw:
                    self._hand_on(spool)

    def _hand_on(self, spool: Spool) -> None:
        heirs = [raw for raw in self.raws if spool.numbers[0] in raw.reaches]
        heirs.sort(key=lambda raw: raw.folder is None)
        heir = heirs[0] if heirs else None
        try:
            self._lead_on(spool, heir, None if heir is None else heir.folder)
        except OSError as error:
            # They go on reading in the file of the run that has ended.
            self.stages.leave(spool.numbers)
            getLogger("hallow.capture").warning("Output cannot be led on: %s", error)

    def pull(self, everything: bool = True) -> None:
        """Flush all buffers and gather."""
        if self.pid == os.getpid():
            self._flush()
            self.stages.drain()
            with suppress(OSError):
                self.gather(everything)

    def gather(self, everything: bool = False) -> None:
        """Join what is new where a run has several sources.

        Args:
            everything: also what waits for the end of a line in the other stream.
        """
        with self.lock:
            for spool in self.spools:
                spool.gather()
            for raw in self.raws:
                raw.gather(everything)

    # ------------------------------------------------------------------------------------------ terminal

    def copy(self) -> bool:
        """Write what is new to where the descriptors led before; whether there was anything."""
        found = False
        with self._copy_lock:
            for spool in self.spools:
                found = spool.copy() or found
        return found

    def copy_at_exit(self, _code: int) -> None:
        """The process ends at once: the terminal gets what was written, also what Python's streams still hold."""
        if self.pid == os.getpid():
            self._flush_python()
            self.stages.drain()
            self.copy()

    def _show(self, spool: Spool, number: int, data: bytes) -> None:
        """The terminal gets what the file does not take, after what it has taken."""
        # Who waits for longer may be waiting for a signal handler that has interrupted the copying.
        if self._copy_lock.acquire(timeout=5):
            try:
                with suppress(OSError):
                    spool.copy()
                    spool.show(number, data)
            finally:
                self._copy_lock.release()

    def _start_following(self) -> None:
        with self._follow_lock:
            if self._follower is None and not self._ended:
                self._follower = threading.Thread(target=self._follow, name="hallow-capture", daemon=True)
                self._follower.start()

    def _follow(self) -> None:
        with suppress(OSError):
            self._copy_until_stopped()

    def _copy_until_stopped(self) -> None:
        delay, found = 0.0, False
        while not self._stop.wait(delay):
            self.stages.drain_stale()
            before, found = found, self.copy()
            if len(self.spools) > 1:
                # What waits in one stream may have been printed before what the other stream has written already.
                self.stages.drain()
            with suppress(OSError):  # a disk that is full; the terminal still gets everything
                self.gather()
            delay = _BUSY if found and not before else min(max(delay, _BUSY) * 1.5, _STEADY if found else _IDLE)
            if found:
                self._look_for_room()
            if self._lingering and not self._is_heard():
                break
        self.copy()
        self._let_go()

    def _look_for_room(self) -> None:
        """Before a full disk makes the user's own printing fail, stop capturing."""
        for spool in self.spools:
            if self._diverted and spool.is_nearly_full():
                self._stop_capturing(spool)

    def _found_no_room(self, spool: Spool, error: OSError) -> None:
        if self._diverted and spool.is_nearly_full():
            self._stop_capturing(spool)
        else:  # a quota, or there is room again: the next time may be better
            self._tell_of_room(spool, f"what does not fit ({error.strerror}) is only shown")

    def _stop_capturing(self, spool: Spool) -> None:
        # Before the log, which may lead there too.
        self.restore()
        self._tell_of_room(spool, "what is printed from here on is not captured")

    def _tell_of_room(self, spool: Spool, consequence: str) -> None:
        """Report, once, that a disk is full."""
        if not self._told_of_room:
            self._told_of_room = True
            path = spool.file.path or "the captured output"
            getLogger("hallow.capture").error("There is hardly room left for %s: %s", path, consequence)

    def _let_go(self) -> None:
        spools, self.spools = self.spools, []
        for spool in spools:
            spool.close()

    def restore(self) -> None:
        """Let the descriptors lead where they led before; everything written so far gets there first."""
        if not self._diverted or self.pid != os.getpid():
            return
        self.pull()
        self.copy()
        # Staged streams stay so until the descriptors lead elsewhere: on a full disk, an ordinary one would raise.
        numbers = [number for spool in self.spools for number in spool.numbers]
        self.stages.pause(numbers)
        # What others print from here on is to be behind what is in the files.
        with self.stages.held(numbers):
            self.copy()
            for spool in self.spools:
                spool.restore()
        self.stages.leave()
        self._diverted = False
        # What was written beside Python's streams between the copy and the restoring.
        self.copy()
        if sys.breakpointhook == self._breakpoint:
            sys.breakpointhook = self._breakpointhook

    def give_back(self) -> None:
        """After a beginning that failed halfway: let the descriptors lead where they led before."""
        for spool in self.spools:
            with suppress(OSError):
                spool.copy()
                spool.restore()
                spool.close()

    def close(self) -> None:
        """Restore and end; while child processes live that can write into a spool, copying goes on."""
        self.restore()
        if self.stages.lost:
            getLogger("hallow.capture").warning("%d bytes were printed that are not captured", self.stages.lost)
        self._alarm.cancel()
        self._lingering = self._is_heard()
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

    def _is_heard(self) -> bool:
        """Whether a child process can still write where we listen; one that was started elsewhere cannot."""
        return _children() and not all(spool.file.is_ours_alone() for spool in self.spools)

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


# -------------------------------------------------------------------------------------------- one per process


class _Process:
    """The tap of this process; a forked child starts without one."""

    lock = threading.Lock()
    tap: Tap | None = None
    prepared = False


@contextmanager
def tapped(raw: Raw, wanted: set[int]) -> Iterator[bool]:
    """Give ``raw`` what reaches the descriptors meanwhile; yields whether that is possible."""
    tap = _joined(raw, wanted)
    if tap is None:
        yield False
        return
    try:
        with exits_noted(tap.copy_at_exit):
            yield True
    finally:
        # The user may have closed descriptors that are ours, as daemons do; what was read by then is kept.
        with suppress(OSError):
            if tap.pid == os.getpid():
                _left(tap, raw)


def _joined(raw: Raw, wanted: set[int]) -> Tap | None:
    with _Process.lock:
        tap, opened = _Process.tap, False
        if tap is None:
            tap, opened = Tap(), True
        try:
            joined = tap.join(raw, wanted)
        except (OSError, AttributeError, RuntimeError) as error:
            getLogger("hallow.capture").debug("The descriptors cannot be captured: %r", error)
            if opened:
                tap.give_back()
            joined = False
        if opened and joined:
            tap.open()
            _Process.tap = tap
            _prepare()
        return tap if joined else None


def _left(tap: Tap, raw: Raw) -> None:
    with _Process.lock:
        try:
            tap.end(raw)
        finally:
            if not tap.raws:
                if _Process.tap is tap:
                    _Process.tap = None
                tap.close()


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
    tap, _Process.tap = _Process.tap, None
    if tap is not None:
        tap.stages.detach()


# ------------------------------------------------------------------------------------------------ descriptors


def _targets(wanted: set[int]) -> list[list[int]]:
    """The descriptors to divert, those that lead to the same place together, so that their order is kept."""
    streams = {1: sys.__stdout__, 2: sys.__stderr__}
    numbers = [n for n in sorted(wanted) if streams[n] is not None and _is_open(n)]
    if len(numbers) == 2 and os.path.sameopenfile(*numbers):
        return [numbers]
    return [[number] for number in numbers]


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


def _children() -> bool:
    """Whether this process has child processes (also ended ones that nobody waited for)."""
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except (OSError, AttributeError):
        return False
    return True
