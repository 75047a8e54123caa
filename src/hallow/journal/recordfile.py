"""The file of the records: written through windows of memory, or by ordinary appends."""

from __future__ import annotations

import errno
import mmap
import os
import sys
from typing import TYPE_CHECKING, Any

from hallow.journal.filesystems import filesystem_type, is_network, overwrite_in_place
from hallow.journal.layout import RECORD_SIZE
from hallow.journal.rawfile import UPDATING, read_range, write_all

if TYPE_CHECKING:
    import logging

__all__ = ["RecordFile"]

_WINDOW = 1 << 20
#: Where the disk is nearly full, less than a window may still fit.
_WINDOWS = (_WINDOW, 1 << 16, mmap.ALLOCATIONGRANULARITY)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
#: Errors that say that a file system or the process cannot do it, not that there is no space.
_IMPOSSIBLE = frozenset(
    {errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENODEV, errno.ENOSYS}
    | {errno.EINVAL, errno.EACCES, errno.EPERM, errno.ENOMEM, errno.EAGAIN}
)
#: A copy of the descriptor would be closed with the map, whatever the program has opened under its number meanwhile.
_NO_COPY: Any = {"trackfd": False} if sys.version_info >= (3, 13) else {}


class RecordFile:
    """Where records go.

    Args:
        path: of the file; it is made when the first window is asked for.
        mapped: whether to write through memory, if that is possible.
        logger: told if it is not.
    """

    def __init__(self, path: str, mapped: bool = True, logger: logging.Logger | None = None) -> None:
        self.path = path
        #: Whether each record has to be given to :meth:`append`.
        self.appends = not mapped
        self._logger = logger
        self._type: str | None = None
        self._map: mmap.mmap | None = None
        self._file: int | None = None
        self._identity: tuple[int, int] | None = None

    def window(self, index: int) -> tuple[mmap.mmap | bytearray, int]:
        """Space for the records from the number ``index`` on, and the number of the first record in it.

        If records are appended, it is room for one, which :meth:`append` then wants. The window before it is valid
        until this one is given to :meth:`keep`.

        Raises:
            OSError: if there is no space; what is in the file is untouched.
        """
        if not self.appends and self._type is None:
            self._type = filesystem_type(os.path.dirname(self.path)) or "unknown"
            if is_network(self._type):
                self._append_from_now_on(f"the file system is {self._type}")
        if not self.appends:
            try:
                return self._mapped(index)
            except OSError as error:
                if error.errno not in _IMPOSSIBLE:
                    raise
                self._append_from_now_on(error.strerror or str(error))
        return bytearray(RECORD_SIZE), index

    def _append_from_now_on(self, reason: str) -> None:
        self.appends = True
        if self._logger is not None:
            self._logger.info("Metrics are appended to %s instead of mapped into memory: %s", self.path, reason)

    def _mapped(self, index: int) -> tuple[mmap.mmap, int]:
        at = index * RECORD_SIZE
        start = at - at % mmap.ALLOCATIONGRANULARITY
        file = os.open(self.path, UPDATING, 0o666)
        try:
            if self._type == "btrfs":
                overwrite_in_place(file)
            size = _filled(file, start)
            window = mmap.mmap(file, size, access=mmap.ACCESS_WRITE, offset=start, **_NO_COPY)
        except ValueError as error:  # the file is shorter than it was a moment ago
            raise OSError(errno.EINVAL, str(error), self.path) from error
        except OSError as error:
            error.filename = self.path
            raise
        finally:
            os.close(file)
        return window, start // RECORD_SIZE

    def keep(self, window: mmap.mmap | bytearray) -> None:
        """From now on, this window is in use, and no other."""
        before, self._map = self._map, None if isinstance(window, bytearray) else window
        if before is not None:
            before.close()

    def append(self, record: bytes | bytearray, index: int) -> None:
        """Write one record.

        Raises:
            OSError: if it cannot be written.
        """
        if self._file is None or self._identity != _identity(self._file):
            self._file = os.open(self.path, UPDATING, 0o666)
            self._identity = _identity(self._file)
        os.lseek(self._file, index * RECORD_SIZE, os.SEEK_SET)
        write_all(self._file, record)

    def write(self, records: bytes | bytearray | memoryview, index: int) -> None:
        """Write records that were kept in memory.

        Raises:
            OSError: if not all of them can be written.
        """
        file = os.open(self.path, UPDATING, 0o666)
        try:
            os.lseek(file, index * RECORD_SIZE, os.SEEK_SET)
            write_all(file, records)
        finally:
            os.close(file)

    def read(self, start: int, stop: int) -> bytes:
        """The bytes of the records from ``start`` to before ``stop``, as far as there are any."""
        return read_range(self.path, start * RECORD_SIZE, (stop - start) * RECORD_SIZE)

    def cut(self, count: int) -> None:
        """Give back the space behind the first ``count`` records. The window is no longer valid."""
        self.release()
        try:
            if os.stat(self.path).st_size > count * RECORD_SIZE:
                os.truncate(self.path, count * RECORD_SIZE)
        except OSError:  # spare space harms nobody
            pass

    def release(self) -> None:
        """Let go of the window."""
        self.keep(bytearray())

    def close(self) -> None:
        """Let go of the window and of the file."""
        self.release()
        file, self._file = self._file, None
        if file is not None and self._identity == _identity(file):
            os.close(file)


def _identity(file: int) -> tuple[int, int] | None:
    """What a descriptor leads to, which is something else if the program closed it and opened another file."""
    try:
        found = os.fstat(file)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _filled(file: int, start: int) -> int:
    """See that bytes from ``start`` on exist on the disk, not only in the size of the file; gives how many.

    Writing into a hole of a mapped file on a full disk kills the process. Zeros that are written are as safe as
    space from ``posix_fallocate``, and what is mapped is then in memory already: a quarter of the time.
    """
    first, *smaller = _WINDOWS if start else _WINDOWS[1:]
    for size in (first, *smaller):
        if _fill(file, start, size, is_last=size == _WINDOWS[-1]):
            break
    return size


def _fill(file: int, start: int, size: int, is_last: bool) -> bool:
    end = os.lseek(file, 0, os.SEEK_END)
    missing = start + size - max(end, start)
    if missing <= 0:
        return True
    try:
        os.lseek(file, max(end, start), os.SEEK_SET)
        write_all(file, bytes(missing))
    except OSError as error:
        # The last bytes of a disk are better left to names and events.
        os.ftruncate(file, end)
        if is_last or error.errno not in _FULL:
            raise
        return False
    return True
