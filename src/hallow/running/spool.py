"""The files that captured descriptors lead into; an empty one is kept between captures."""

from __future__ import annotations

import os
from errno import EBADF
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_CHUNK = 1 << 18
_SPARES = 2  # as many as one capture needs

# Descriptors of files of earlier captures, empty, to be used again; and their inodes.
_spares: list[tuple[int, int]] = []


class Spool:
    """The file that some descriptors are diverted into, and where they led before."""

    def __init__(self, numbers: list[int]) -> None:
        self.numbers = numbers
        self.file = _spare_or_new_file()
        self.saved = [os.dup(number) for number in numbers]
        self.collected = 0
        self.copied = 0
        self._known = self._identities()
        # Whether use by others can be told from ours.
        self._separate = False

    def _identities(self) -> list[tuple[int, int]]:
        found = map(os.fstat, [self.file, *self.saved])
        return [(one.st_dev, one.st_ino) for one in found]

    def check(self) -> None:
        """Make sure that the descriptors are still ours.

        Raises:
            OSError: if the user closed them, as daemons do; the numbers may be those of files of theirs by now.
        """
        if self._identities() != self._known:
            raise OSError(EBADF, "the descriptors of the capture were closed")

    def divert(self) -> None:
        """Let the descriptors lead into the spool."""
        writing = _opened_again(self.file)
        for number in self.numbers:
            os.dup2(writing, number)
        if writing != self.file:
            os.close(writing)
            self._separate = True

    def restore(self) -> None:
        """Let the descriptors lead where they led before."""
        self.check()
        for number, saved in zip(self.numbers, self.saved, strict=True):
            os.dup2(saved, number)

    def close(self) -> None:
        """Let go of the file and of the copies of the descriptors."""
        self.check()
        for descriptor in self.saved:
            os.close(descriptor)
        if not (self._separate and _kept(self.file)):
            os.close(self.file)

    def unread(self, start: int) -> Iterator[bytes]:
        """The bytes from ``start`` to the size at this moment."""
        self.check()
        end = os.fstat(self.file).st_size
        while start < end:
            data = os.pread(self.file, min(_CHUNK, end - start), start)
            if not data:
                return
            start += len(data)
            yield data


def _spare_or_new_file() -> int:
    while _spares:
        file, inode = _spares.pop()
        if _inode(file) == inode:
            return file
    return _unlinked_file()


def _inode(file: int) -> int | None:
    """What tells an unlinked file from others; ``None`` for anything else."""
    try:
        found = os.fstat(file)
    except OSError:
        return None
    return None if found.st_nlink else found.st_ino


def _opened_again(file: int) -> int:
    """The same file, opened on its own, so that :func:`_kept` can tell our use from that of others."""
    try:
        return os.open(f"/proc/self/fd/{file}", os.O_WRONLY | os.O_APPEND)
    except OSError:
        return file


def _kept(file: int) -> bool:
    """Empty a file and keep it for the next capture, if nobody else holds it.

    Making and deleting a file costs more than everything else in a capture. But a program that was left in the
    background may go on writing into it, and that is no output of later runs.
    """
    inode = _inode(file)
    if inode is None or len(_spares) >= _SPARES:
        return False
    try:
        import fcntl

        # Granted only if nobody has the file open in another way than through this very descriptor.
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_WRLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        os.ftruncate(file, 0)
    except (OSError, ImportError, AttributeError):
        return False
    _spares.append((file, inode))
    return True


def _unlinked_file() -> int:
    """A file without a name that is only appended to."""
    places = [os.environ.get("TMPDIR"), "/tmp", "/var/tmp", os.curdir]  # noqa: S108 - unlinked at once
    error: OSError | None = None
    for place in filter(None, places):
        path = f"{place}/.hallow-{os.getpid()}-{os.urandom(8).hex()}"
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        except OSError as problem:
            error = problem
            continue
        os.unlink(path)
        return file
    raise error or OSError("no folder for temporary files")


def _after_fork() -> None:
    # Not to be shared with the parent.
    for file, inode in _spares:
        if _inode(file) == inode:
            os.close(file)
    _spares.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
