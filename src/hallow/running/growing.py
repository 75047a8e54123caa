"""Bytes that only grow, or are cut and grow again: in memory while they are few, else in a file."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from errno import EBADF
from logging import getLogger
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CHUNK", "Growing", "OpenFile", "chunks_of", "opened_unlinked"]

#: Bytes that are handled at a time.
CHUNK = 1 << 18

_BINARY = getattr(os, "O_BINARY", 0)  # Windows would change line ends
_MEMORY = 1 << 16  # more than this goes to a file
_LATE = 1 << 24  # what a full disk did not take is kept in memory up to this size


class OpenFile:
    """An open file and what tells it from others: users close descriptors, and the numbers become those of their files.

    Attributes:
        path: where it can be opened again, or ``None``.
    """

    def __init__(self, number: int, path: str | None = None) -> None:
        self.number = number
        self.path = path
        found = os.fstat(number)
        self.identity = (found.st_dev, found.st_ino)

    @classmethod
    def named(cls, path: str, empty: bool = False) -> OpenFile:
        """A file with a name, made if there is none, that is only appended to.

        Raises:
            OSError: if it cannot be opened.
        """
        return cls(opened_named(path, empty), path)

    def size(self) -> int:
        """The size at this moment.

        Raises:
            OSError: if the descriptor was closed by somebody else and the file cannot be opened again.
        """
        try:
            found = os.fstat(self.number)
            if (found.st_dev, found.st_ino) == self.identity:
                return found.st_size
        except OSError:
            pass
        return self._opened_again()

    def _opened_again(self) -> int:
        if self.path is not None:
            number = os.open(self.path, os.O_RDWR | os.O_APPEND | _BINARY)
            found = os.fstat(number)
            if (found.st_dev, found.st_ino) == self.identity:
                self.number = number
                return found.st_size
            os.close(number)
        raise OSError(EBADF, "a file of the capture was closed")

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on; fewer only at the end, or if the file is not ours any more."""
        pieces = []
        with suppress(OSError):
            limit = min(limit, self.size() - start)
            while limit > 0:
                data = _read_at(self.number, min(limit, 1 << 30), start)
                if not data:
                    break
                pieces.append(data)
                start += len(data)
                limit -= len(data)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        """Close the descriptor if it still is that of this file."""
        number, self.number = self.number, -1
        with suppress(OSError):
            found = os.fstat(number)
            if (found.st_dev, found.st_ino) == self.identity:
                os.close(number)

    def __del__(self) -> None:
        if getattr(self, "number", -1) != -1:
            self.close()


def _read_at(number: int, count: int, start: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(number, count, start)
    # Windows: the place in the file is used for nothing else, since it is only appended to.
    os.lseek(number, start, os.SEEK_SET)
    return os.read(number, count)


def opened_named(path: str, empty: bool = False) -> int:
    """The descriptor of a file with a name, made if there is none, that is only appended to.

    Raises:
        OSError: if it cannot be opened.
    """
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY | (os.O_TRUNC if empty else 0)
    return os.open(path, flags, 0o666)


def opened_unlinked() -> int:
    """The descriptor of a new file without a name that is only appended to.

    Raises:
        OSError: if none can be made anywhere.
    """
    places = [*map(os.environ.get, ("TMPDIR", "TEMP")), "/tmp", "/var/tmp", os.curdir]  # noqa: S108 - unlinked at once
    error: OSError | None = None
    for place in filter(None, places):
        path = f"{place}/.hallow-{os.getpid()}-{os.urandom(8).hex()}"
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _BINARY | getattr(os, "O_TEMPORARY", 0)
        try:
            number = os.open(path, flags, 0o600)
        except OSError as problem:
            error = problem
            continue
        # Windows deletes it when it is closed.
        with suppress(OSError):
            os.unlink(path)
        return number
    raise error or OSError("no folder for temporary files")


class Growing:
    """Bytes that are appended to, by any thread and by forked children.

    Nothing raises where a disk is full or a file is lost: the bytes stay in memory, up to a limit, and the next
    writing tries again.

    Args:
        path: where they are to be kept; without it in memory, and in a file without a name once they are many.
        empty: what the file holds already is thrown away, not left standing before what comes.
    """

    def __init__(self, path: str | None = None, empty: bool = False) -> None:
        # One that the same thread may take again: a signal handler may print while something is printed.
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._memory = bytearray()
        self._file: OpenFile | None = None
        self._troubled = False
        #: Offset in the file of the first byte that is ours.
        self.base = 0
        if path is not None:
            self.keep(path, empty)

    def _guard(self) -> Any:
        # The lock may have been held by a thread that a forked child does not have, and what waits in memory is
        # the parent's to write.
        if self._pid != os.getpid():
            self._lock = threading.RLock()
            self._pid = os.getpid()
            self._memory = bytearray()
        return self._lock

    @property
    def path(self) -> str | None:
        """The file with a name that holds the bytes, if there is one."""
        return None if self._file is None else self._file.path

    @property
    def size(self) -> int:
        """How many bytes there are."""
        with self._guard():
            return self._stored() + len(self._memory)

    def _stored(self) -> int:
        if self._file is not None:
            with suppress(OSError):
                return max(0, self._file.size() - self.base)
        return 0

    def append(self, data: bytes) -> None:
        """Add bytes; they are in the file when this returns, if there is one."""
        with self._guard():
            if self._memory or self._file is None:
                self._memory += data
                if self._file is not None or len(self._memory) > _MEMORY:
                    self._write_out()
            else:
                self._memory += self._written(data)

    def cut(self, size: int) -> None:
        """Drop everything after ``size`` bytes."""
        with self._guard():
            stored = self._stored()
            del self._memory[max(0, size - stored) :]
            if size < stored and self._file is not None:
                with suppress(OSError):
                    os.ftruncate(self._file.number, self.base + size)

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on, fewer only at the end."""
        with self._guard():
            stored = self._stored()
            data = b""
            if start < stored and self._file is not None:
                data = self._file.read(self.base + start, min(limit, stored - start))
            if len(data) < limit and start + len(data) >= stored:
                begin = start + len(data) - stored
                data += self._memory[begin : begin + limit - len(data)]
            return data

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` in pieces."""
        return chunks_of(self, start, end)

    def keep(self, path: str, empty: bool = False) -> None:
        """Have the bytes in a file with this name from now on.

        Raises:
            OSError: if it cannot be written; everything is as before then.
        """
        with self._guard():
            file = OpenFile.named(path, empty)
            base = file.size()
            for data in self.chunks(0, self._stored()):
                _append_all(file, data)
            self._file, self.base = file, base
            self._write_out()

    def close(self) -> None:
        """Let go of the file; nothing can be read any more."""
        with self._guard():
            self._file = None
            self._memory = bytearray()

    # -------------------------------------------------------------------------------------------- writing

    def _write_out(self) -> None:
        """Write what is in memory to the file, making one if need be."""
        try:
            if self._file is None:
                self._file, self.base = OpenFile(opened_unlinked()), 0
        except OSError as error:
            self._report(error)
            return
        self._memory = bytearray(self._written(self._memory))

    def _written(self, data: Any) -> memoryview:
        """Write to the file; returns what could not be written."""
        view = memoryview(data)
        try:
            while view and self._file is not None:
                self._file.size()
                view = view[os.write(self._file.number, view) :]
        except OSError as error:
            self._report(error)
        return view[:_LATE]

    def _report(self, error: OSError) -> None:
        if not self._troubled:
            self._troubled = True
            getLogger("hallow.capture").error(
                "Output cannot be written to %s (%s); up to %d MiB are kept in memory, and writing is tried again",
                self.path or "a temporary file",
                error,
                _LATE >> 20,
            )


class Readable(Protocol):
    """Bytes that can be read from anywhere."""

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on."""


def chunks_of(source: Readable, start: int, end: int) -> Iterator[bytes]:
    """The bytes of ``source`` from ``start`` to ``end`` in pieces; fewer if there are no more."""
    while start < end:
        data = source.read(start, min(CHUNK, end - start))
        if not data:
            return
        yield data
        start += len(data)


def _append_all(file: OpenFile, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file.number, view) :]
