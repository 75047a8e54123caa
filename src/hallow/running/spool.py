"""The files that captured descriptors lead into; an empty one is kept between captures."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from errno import EAGAIN, EBADF, EINVAL, ENOSYS, EOPNOTSUPP
from typing import TYPE_CHECKING

from hallow.running.growing import CHUNK, OpenFile, opened_named, opened_unlinked

if TYPE_CHECKING:
    from hallow.running.raw import Raw, Reach

_SPARES = 2  # as many as one capture needs
_AT_ONCE = 1 << 20  # bytes copied in one call
_ROOM = 1 << 24  # less than this is about to be full
_PAGE = 4096  # a file grows by multiples of this within one write

# Descriptors of files of earlier captures, empty, to be used again; and their inodes.
_spares: list[tuple[int, int]] = []


class SpoolFile(OpenFile):
    """A file that descriptors lead into."""

    def __init__(self, number: int, path: str | None = None) -> None:
        super().__init__(number, path)
        self._pid = os.getpid()
        # Whether use by others can be told from ours.
        self._separate = False

    @classmethod
    def unnamed(cls) -> SpoolFile:
        """One without a name: a spare one or a new one."""
        while _spares:
            number, inode = _spares.pop()
            if _inode(number) == inode:
                return cls(number)
        return cls(opened_unlinked())

    @classmethod
    def opened(cls, path: str) -> SpoolFile:
        """One with a name.

        Raises:
            OSError: if it cannot be opened.
        """
        return cls(opened_named(path), path)

    def lead(self, numbers: list[int]) -> None:
        """Let descriptors lead here; the place in the file that they share is always behind what was written last."""
        writing = self._opened_for_others()
        os.lseek(writing, 0, os.SEEK_END)
        for number in numbers:
            os.dup2(writing, number)
        if writing != self.number:
            os.close(writing)
            self._separate = True

    def _opened_for_others(self) -> int:
        """The same file, opened on its own, so that :meth:`is_ours_alone` can tell our use from that of others."""
        try:
            return os.open(self.path or f"/proc/self/fd/{self.number}", os.O_WRONLY | os.O_APPEND)
        except OSError:
            return self.number

    def size_between_writes(self) -> int:
        """The size, without a part of a write that is under way, which grows the file page by page.

        Raises:
            OSError: as :meth:`size`.
        """
        size, before = self.size(), -1
        while size != before and size and size % _PAGE == 0 and self.read(size - 1, 1) != b"\n":
            before = size
            with suppress(OSError, AttributeError):
                # Changes nothing, but waits until the write has ended.
                os.fchmod(self.number, os.fstat(self.number).st_mode & 0o7777)
            size = self.size()
        return size

    def is_ours_alone(self) -> bool:
        """Whether nobody else has it open; ``False`` also if that cannot be told."""
        if not self._separate:
            return False
        try:
            import fcntl

            # Granted only if nobody has the file open in another way than through this very descriptor.
            fcntl.fcntl(self.number, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            fcntl.fcntl(self.number, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        except (OSError, ImportError, AttributeError):
            return False
        return True

    def close(self) -> None:
        """Keep the file for the next capture if it is nobody's, else let go of it.

        Making and deleting a file costs more than everything else in a capture. But a program that was left in the
        background may go on writing into it, and that is no output of later runs.
        """
        mine = self.path is None and self._pid == os.getpid()
        if mine and len(_spares) < _SPARES and _inode(self.number) == self.identity[1]:
            with suppress(OSError):
                if self.is_ours_alone():
                    os.ftruncate(self.number, 0)
                    _spares.append((self.number, self.identity[1]))
                    self.number = -1
                    return
        super().close()


class _Stage:
    """A file whose content goes to the terminal, up to a limit where the next one takes over."""

    __slots__ = ("copied", "file", "limit")

    def __init__(self, file: SpoolFile, copied: int) -> None:
        self.file = file
        self.copied = copied
        self.limit: int | None = None


class Spool:
    """Where some descriptors lead while they are captured, and where they led before.

    Args:
        numbers: the descriptors.
    """

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.file = SpoolFile.unnamed()
        self.saved = [os.dup(number) for number in numbers]
        #: The run whose folder the file is in.
        self.owner: Raw | None = None
        self._stages = [_Stage(self.file, 0)]
        # Earlier files that somebody still has open, and how far they are moved.
        self._strays: list[tuple[SpoolFile, int]] = []
        # Guards the size of a file at which the next one takes over.
        self._limit_lock = threading.Lock()
        self._known = self._identities()
        # The size when it was last looked whether there is room.
        self._looked = 0
        self._sendfile = hasattr(os, "sendfile")

    def _identities(self) -> list[tuple[int, int]]:
        return [(one.st_dev, one.st_ino) for one in map(os.fstat, self.saved)]

    def check(self) -> None:
        """Make sure that the descriptors are still ours.

        Raises:
            OSError: if the user closed them, as daemons do; the numbers may be those of files of theirs by now.
        """
        if self._identities() != self._known:
            raise OSError(EBADF, "the descriptors of the capture were closed")

    def divert(self) -> None:
        """Let the descriptors lead into the file."""
        self.file.lead(self.numbers)

    def restore(self) -> None:
        """Let the descriptors lead where they led before."""
        self.check()
        for number, saved in zip(self.numbers, self.saved, strict=True):
            os.dup2(saved, number)

    def close(self) -> None:
        """Let go of the files and of the copies of the descriptors."""
        self.check()
        for descriptor in self.saved:
            os.close(descriptor)
        # A file with a name may still be read by its run.
        if self.file.path is None:
            self.file.close()
        self._stages = []
        self._strays = []

    def is_nearly_full(self) -> bool:
        """Whether the disk, or what the process may write into one file, is about to run out."""
        try:
            found = os.fstatvfs(self.file.number)
            size = self.file.size()
        except (OSError, AttributeError):
            return False
        # As much again may be written before the next look.
        growth, self._looked = 2 * (size - self._looked), size
        room = found.f_bavail * found.f_frsize
        total = found.f_blocks * found.f_frsize
        limit = _file_limit()
        return room < max(growth, min(_ROOM, total >> 4)) or limit - size < max(growth, min(_ROOM, limit >> 4))

    # ------------------------------------------------------------------------------------------ other files

    def lead_on(self, file: SpoolFile, heir: Reach | None, others: list[Reach]) -> None:
        """Let the descriptors lead into another file.

        Args:
            file: the file.
            heir: what is copied there before, and read there from then on.
            others: what is read there only from now on.

        Raises:
            OSError: if the file cannot be written; everything is as before then.
        """
        old, stage = self.file, self._stages[-1]
        base = file.size()
        try:
            done = 0 if heir is None else _copied(heir, file, 0, heir.size)
            with self._limit_lock:
                limit = stage.limit = old.size_between_writes()
            if heir is not None:
                done += _copied(heir, file, done, heir.size_at(limit))
        except OSError:
            stage.limit = None
            raise
        start = base + done
        # Those that the user led elsewhere meanwhile are left alone.
        file.lead([number for number in self.numbers if _leads_to(number, old)])
        self.file = file
        for reach in others:
            reach.go_on(limit, file, start)
        if heir is not None:
            heir.moved(file, base)
        self._stages.append(_Stage(file, start))
        self._strays.append((old, limit))
        self.gather()

    def gather(self) -> bool:
        """Move here what was still written to earlier files; whether there was anything."""
        if not self._strays:
            return False
        found = False
        kept = []
        for file, moved in self._strays:
            alone = file.is_ours_alone()
            end = file.size_between_writes()
            while data := file.read(moved, min(CHUNK, end - moved)):
                moved += len(data)
                found = True
                _append(self.file, data)
            if not alone:
                kept.append((file, moved))
        self._strays = kept
        return found

    # --------------------------------------------------------------------------------------------- terminal

    def copy(self) -> bool:
        """Write what is new to where the descriptors led before; whether there was anything.

        Raises:
            OSError: if the descriptors are not ours any more.
        """
        found = False
        while True:
            stage = self._stages[0]
            with self._limit_lock:
                last = stage.limit is None
                end = stage.file.size() if stage.limit is None else stage.limit
            if end > stage.copied:
                self.check()
                found = True
                self._send(stage, end)
            if last or len(self._stages) == 1:  # the next one is just being prepared
                return found
            self._stages.pop(0)

    def show(self, number: int, data: bytes) -> None:
        """Write to where a descriptor led before, what its file does not take.

        Raises:
            OSError: if the descriptors are not ours any more.
        """
        self.check()
        saved = self.saved[self.numbers.index(number)]
        view = memoryview(data)
        while view:
            try:
                view = view[os.write(saved, view) :]
            except OSError as error:  # noqa: PERF203 - what it costs is waiting
                if error.errno != EAGAIN:
                    return
                import select

                select.select([], [saved], [], 1.0)

    def _send(self, stage: _Stage, end: int) -> None:
        while stage.copied < end:
            count = min(_AT_ONCE, end - stage.copied)
            try:
                if self._sendfile:
                    sent = os.sendfile(self.saved[0], stage.file.number, stage.copied, count)
                else:
                    sent = os.write(self.saved[0], stage.file.read(stage.copied, min(CHUNK, count)))
            except OSError as error:
                if error.errno == EAGAIN:
                    import select

                    select.select([], [self.saved[0]], [], 1.0)
                elif self._sendfile and error.errno in (EINVAL, ENOSYS, EBADF, EOPNOTSUPP):
                    self._sendfile = False
                else:
                    # There is no reader any more: the bytes are only captured.
                    stage.copied = end
                continue
            if sent == 0:
                return
            stage.copied += sent


def _file_limit() -> int:
    try:
        import resource

        limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    except (ImportError, OSError, AttributeError):
        return 1 << 62
    return 1 << 62 if limit < 0 else limit


def _copied(reach: Reach, file: SpoolFile, start: int, end: int) -> int:
    done = 0
    for data in reach.chunks(start, end):
        _append(file, data)
        done += len(data)
    return done


def _append(file: SpoolFile, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file.number, view) :]


def _leads_to(number: int, file: SpoolFile) -> bool:
    try:
        found = os.fstat(number)
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == file.identity


def _inode(number: int) -> int | None:
    """What tells an unlinked file from others; ``None`` for anything else."""
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return None if found.st_nlink else found.st_ino


def _after_fork() -> None:
    # Not to be shared with the parent.
    for number, inode in _spares:
        if _inode(number) == inode:
            os.close(number)
    _spares.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
