"""What Python's block-buffered streams have taken is safe at once, though it is written out later.

A stream that leads to no terminal keeps up to eight kilobytes in the memory of the process, and they die with it. While
a run is captured, such a stream puts them into a file of the run's journal instead, through shared memory: no call of
the system, and still there after SIGKILL. It is written to the descriptor where the stream would have written its
buffer: when it is flushed or full; and by the thread that follows the output after a while.

"""

from __future__ import annotations

import io
import os
import sys
import time
from contextlib import ExitStack, contextmanager, suppress
from errno import EDQUOT, EFBIG, ENOSPC
from logging import getLogger
from operator import attrgetter
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.journal.layout import STAGING
from hallow.journal.staged import HALVES, CompiledHalf, PlainHalf, opened_half
from hallow.running.covers import Cover, doors_for, is_block_buffered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hallow.journal._half import Half as FastHalf
    from hallow.journal.staged import Half

__all__ = ["Outflow", "Stages"]

#: Seconds after which the thread that follows the output writes out what nobody has flushed.
_STALE = 0.2
_FULL = frozenset({ENOSPC, EDQUOT, EFBIG})
_STREAMS = {1: ("stdout", "__stdout__"), 2: ("stderr", "__stderr__")}


class Outflow(NamedTuple):
    """Where the staged bytes of a descriptor go.

    Attributes:
        number: of the descriptor.
        target: the number of the file that it leads into.
        show: ``show(data)`` gives bytes that do not fit into the file to the terminal at least.
        tell: ``tell(error)`` says that there were such bytes, called without a lock.
    """

    number: int
    target: int
    show: Callable[[bytes], None]
    tell: Callable[[OSError], None]


class Stages:
    """The staging of all descriptors of a tap."""

    def __init__(self) -> None:
        self._stages: dict[int, _Stage] = {}
        #: How many bytes found no room in the files and were only shown.
        self.lost = 0

    def place(self, outflows: Iterable[Outflow], folder: str) -> None:
        """From now on the streams for these descriptors are staged in ``folder``."""
        if not hasattr(os, "register_at_fork"):
            return  # a child could not be kept out of it
        for outflow in outflows:
            stage = self._stages.get(outflow.number)
            if stage is None:
                if any(True for _ in _block_buffered(outflow.number)):
                    self._stages[outflow.number] = _Stage(outflow, folder)
            else:
                before = {stage.folder} if stage.made else set()
                stage.place(outflow, folder)
                self._remove(before - {folder})
        self.lay_over()

    def lay_over(self) -> None:
        """Stage also streams that were replaced since."""
        for stage in self._stages.values():
            stage.lay_over()

    def pause(self, numbers: list[int]) -> None:
        """Until the next :meth:`place`, what is printed goes to the descriptors at once."""
        for number in numbers:
            if number in self._stages:
                self._stages[number].pause()

    @contextmanager
    def held(self, numbers: list[int]) -> Iterator[None]:
        """Other threads that print wait meanwhile: what they print is to be behind what is being moved."""
        with ExitStack() as locks:
            for number in numbers:
                if number in self._stages:
                    locks.enter_context(self._stages[number].lock)
            yield

    def leave(self, numbers: list[int] | None = None) -> None:
        """The streams for these descriptors, or for all, are again what they were; everything is written out."""
        folders = set()
        for number in list(self._stages) if numbers is None else numbers:
            stage = self._stages.pop(number, None)
            if stage is not None:
                if stage.made:
                    folders.add(stage.folder)
                stage.end()
                self.lost += stage.lost
        self._remove(folders)

    def _remove(self, folders: set[str]) -> None:
        """Remove files that nothing is in any more."""
        for folder in folders - {stage.folder for stage in self._stages.values()}:
            with suppress(OSError):
                os.unlink(os.path.join(folder, STAGING))

    def drain(self) -> None:
        """Write out everything; an error leaves it staged."""
        for stage in list(self._stages.values()):
            with suppress(OSError):
                stage.drain()

    def drain_stale(self) -> None:
        """Write out what waits for a while already."""
        for stage in list(self._stages.values()):
            with suppress(OSError):
                stage.drain_stale()

    def detach(self) -> None:
        """In a forked child: the streams buffer as usual, and what is staged is the parent's alone."""
        for stage in self._stages.values():
            stage.detach()
        self._stages = {}


class _Stage:
    """What was printed to one descriptor and is not written to it yet."""

    def __init__(self, outflow: Outflow, folder: str) -> None:
        # One that the same thread may take again: a signal handler may print while something is written out.
        self.lock = RLock()
        self._busy = False
        self._ended = False
        self._outflow = outflow
        self._number = outflow.number
        #: The folder that the file is in, or would be.
        self.folder = folder
        # Whether there is to be a file; it is made when something is printed.
        self._wanted = True
        #: Whether it was made.
        self.made = False
        # Usually one; two after a signal handler that has printed while the other was written out.
        self._halves: list[Half] = []
        # The half in use, if it can be written out without being taken out of use.
        self._ready: FastHalf | None = None
        self._sequence = 0
        # The half that was looked at last, and when it was seen first with something in it.
        self._seen: tuple[int, float] | None = None
        self._covers: list[Cover] = []
        self._doors = doors_for(self._slow, CompiledHalf is not None)
        #: How many bytes were only shown.
        self.lost = 0
        # What is to be reported.
        self._problem: OSError | None = None
        self._hindrance: OSError | None = None

    # ---------------------------------------------------------------------------------------------- streams

    def lay_over(self) -> None:
        """Have Python's streams for this descriptor write here."""
        for stream in _block_buffered(self._number):
            cover = Cover(stream, self.flush, self.drain)
            try:
                cover.put_on(self._doors)
            except Exception:  # one that is not as usual, or full: it stays as it is
                cover.take_off()
            else:
                self._covers.append(cover)

    # ---------------------------------------------------------------------------------------------- places

    def place(self, outflow: Outflow, folder: str) -> None:
        """Use a file in ``folder``, which is made when something is printed."""
        self.pause()
        with self.lock:
            self._outflow = outflow
            self.folder, self._wanted, self.made = folder, True, False

    def pause(self) -> None:
        """Use no file."""
        with self.lock:
            self._let_go()
        self._tell()

    def end(self) -> None:
        """Use no file, and no stream."""
        for cover in self._covers:
            cover.take_off()
        with self.lock:
            self._let_go()
            self._ended = True
        self._tell()

    def _let_go(self) -> None:
        self._wanted = False
        # From here on everybody waits for the lock.
        self._turn(None)
        with suppress(OSError):
            self._drain()
        halves, self._halves = self._halves, []
        for half in halves:
            if not half.interrupted:
                half.close()

    def detach(self) -> None:
        """After a fork, in the child; which a signal handler may have made while this was at work."""
        self.lock = RLock()
        self._ended, self._wanted = True, False
        self._turn(None)
        for half in self._halves:
            half.leave()
        for cover in self._covers:
            cover.take_off()
        self._covers, self._halves = [], []

    # ---------------------------------------------------------------------------------------------- writing

    def _slow(self, buffer: io.BufferedWriter, data: Any) -> int:
        """Where there is no room: make some, or write at once."""
        with self.lock:
            written = None if self._ended else self._stored(data)
        if written is not None:
            self._tell()
            return written
        return io.BufferedWriter.write(buffer, data)

    def _stored(self, data: Any) -> int:
        half = self._doors.current()
        if half is not None:
            with suppress(ValueError):
                return half.write(data)
        self._drain()
        if self._doors.current() is None:  # the first time, or in a signal handler that has interrupted the writing out
            self._use_one()
        half = self._doors.current()
        if half is not None:
            with suppress(ValueError):
                return half.write(data)
        return self._written_now(data)

    def _use_one(self) -> None:
        """Take a half that is empty into use. After an interruption, this can be done again."""
        if not self._wanted:
            return
        half = next((one for one in self._halves if not one.size), None) or self._opened()
        if half is not None:
            self._use(half)

    def _use(self, half: Half) -> None:
        self._sequence += 1
        half.begin(self._sequence, self._outflow.target)
        self._turn(half)

    def _turn(self, half: Half | None) -> None:
        # Another one with something in it must be written out before.
        alone = all(one is half or not one.size for one in self._halves)
        self._ready = None if half is None or isinstance(half, PlainHalf) or not alone else half
        self._doors.turn(half)

    def _opened(self) -> Half | None:
        if len(self._halves) == HALVES:
            return None
        self.made = True
        try:
            self._halves.append(opened_half(self.folder, self._number, len(self._halves)))
        except OSError as error:
            if not self._halves:
                self._wanted, self._hindrance = False, error
            return None
        return self._halves[-1]

    def _written_now(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        size = len(view)
        try:
            while view:
                view = view[os.write(self._number, view) :]
        except OSError as error:
            self._show(bytes(view), error)
        return size

    def _show(self, data: bytes, error: OSError) -> None:
        if error.errno not in _FULL:
            raise error
        self._outflow.show(data)
        self.lost += len(data)
        self._problem = error

    def _tell(self) -> None:
        """Report what happened. Not under the lock: who writes the log may print, and wait for it."""
        if self._problem is self._hindrance is None:
            return
        problem, self._problem = self._problem, None
        hindrance, self._hindrance = self._hindrance, None
        if problem is not None:
            self._outflow.tell(problem)
        if hindrance is not None:
            message = "Each piece that is printed is written at once instead of kept in memory in %s: %s"
            getLogger("hallow.capture").info(message, self.folder, hindrance.strerror or hindrance)

    # ------------------------------------------------------------------------------------------ writing out

    def flush(self) -> bool:
        """Write out the half in use in one step, without the lock; whether that is all there was and could be done.

        Programs that flush each line are to be as fast as without us.
        """
        half = self._ready
        if half is None:
            return False
        try:
            half.pass_on(self._number)
        except (OSError, ValueError):  # no room; another thread is doing it
            return False
        return True

    def drain(self) -> None:
        """Write out everything.

        Raises:
            OSError: if the descriptor does not take it, but for a full disk; it stays staged.
        """
        if self._halves:
            with self.lock:
                self._drain()
            self._tell()

    def drain_stale(self) -> None:
        """Write out everything if something is there that was there some looks ago."""
        with self.lock:
            half = self._doors.current()
            if half is None or not half.size:
                self._seen = None
                return
            now = time.monotonic()
            if self._seen is None or self._seen[0] != half.sequence:
                self._seen = (half.sequence, now)
                return
            if now - self._seen[1] >= _STALE:
                self._drain()
        self._tell()

    def _drain(self) -> None:
        """Write out everything, and have a half in use, unless this was called in the middle of it."""
        if self._busy:
            return
        self._busy = True
        # No loop in here: Python 3.13 goes past the second part when a signal handler raises in its jump back.
        try:
            self._write_all_out()
        finally:
            self._busy = False

    def _write_all_out(self) -> None:
        # Again if a signal handler has printed meanwhile, for which it has taken a half into use.
        while left := [half for half in self._halves if half.size and not half.interrupted]:
            self._write_these_out(left)
            if self._doors.current() is None and self._wanted:
                self._use(left[-1])
                return
        current = self._doors.current()
        if self._halves and (current is None or current.interrupted):
            self._turn(None)
            self._use_one()

    def _write_these_out(self, left: list[Half]) -> None:
        if len(left) > 1:
            left.sort(key=attrgetter("sequence"))
        # From here on nobody writes into one of these, not even who was about to, but all wait for the lock.
        self._turn(None)
        try:
            for half in left:
                half.wait()
                self._write_out(half)
        except OSError:
            # As a stream does, go on until it is full.
            if self._wanted:
                self._turn(left[-1])
            raise

    def _write_out(self, half: Half) -> None:
        """Write what is in a half that is not in use."""
        try:
            half.write_out(self._number)
        except OSError as error:
            self._show(half.rest(), error)
            half.clean()


def _block_buffered(number: int) -> Iterator[Any]:
    """Python's streams for a descriptor that nothing is laid over yet."""
    for name in _STREAMS[number]:
        stream = getattr(sys, name, None)
        if is_block_buffered(stream, number):
            yield stream
