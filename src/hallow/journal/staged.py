"""The file in which printed bytes wait for the descriptor: written through memory, so that they outlive the process.

Each descriptor has two halves of the file. The second is used when a signal handler prints in the middle of writing out
the first. The head of a half has a sequence number that tells which one is older, and the size that the file of the
output had when the writing began: so it can be told how much of a half had got there when the process died.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from hallow.journal.filesystems import filesystem_type, is_network, overwrite_in_place
from hallow.journal.layout import HALF, HALF_SIZE, STAGED_FILL, STAGED_NONE, STAGING
from hallow.journal.rawfile import APPENDING, UPDATING, read_range, size_of, write_all

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hallow.journal import _half

    Half: TypeAlias = _half.Half | "PlainHalf"

__all__ = ["HALVES", "CompiledHalf", "PlainHalf", "opened_half", "take_in_staged"]

#: For each descriptor.
HALVES = 2
_FILL = STAGED_FILL * HALF_SIZE
#: A copy of the descriptor would be closed with the map, whatever the program has opened under its number meanwhile.
_NO_COPY: Any = {"trackfd": False} if sys.version_info >= (3, 13) else {}


class PlainHalf:
    """One half. Nobody may append to it while it is written out.

    ``_half.c`` is the same, compiled, and takes its place where it was built; it appends text as well (``write_text``),
    and can be written out while it is in use (``pass_on``), because it refuses what comes meanwhile.

    Args:
        memory: of the file.
        base: where the half begins in it.
        size: of the half, with its head.

    Attributes:
        write: appends bytes, in one step that no other thread can interrupt; a ValueError if they do not fit.
        sequence: the number it has now.
    """

    __slots__ = ("_base", "_map", "_start", "_written", "sequence", "write")

    #: Whether this very thread is writing it out, in a compiled one, and was interrupted by a signal handler.
    interrupted = False

    def __init__(self, memory: mmap.mmap, base: int, size: int) -> None:
        if base + size != len(memory):  # the map itself is what has no room
            raise ValueError("the half does not end with the map")
        self._base = base
        self._start = base + HALF.size
        self._map = memory
        memory.seek(self._start)
        self.write: Callable[[Any], int] = memory.write
        # How many bytes each writing to the descriptor took.
        self._written: list[int] = []
        self.sequence = 0

    @property
    def size(self) -> int:
        """How many bytes were staged since :meth:`begin`; 0 after :meth:`clean`."""
        return self._map.tell() - self._start

    def begin(self, sequence: int, target: int) -> None:
        """From now on, bytes may come that are meant for the file ``target``; there must be none."""
        self.sequence = sequence
        self._written.clear()
        HALF.pack_into(self._map, self._base, sequence, STAGED_NONE, target, 0)

    def wait(self) -> None:
        """Wait until no other thread is writing out a compiled one any more."""

    def rest(self) -> bytes:
        """What is not written out yet."""
        return self._map[self._start + sum(self._written) : self._map.tell()]

    def write_out(self, number: int) -> None:
        """Write everything to a descriptor, and forget it. After an exception, this can be done again.

        Exceptions, such as those of signal handlers, may come after every call. So the count of the bytes written
        goes from one call to the other without coming by here.

        Raises:
            OSError: if the descriptor does not take it.
        """
        rest = self.rest()
        if rest and not self._written:
            self._map[self._base + 8 : self._base + 16] = _place(number).to_bytes(8, "little")
        while rest:
            self._written.extend(map(os.write, (number,), (rest,)))
            rest = rest[self._written[-1] :]
        self.clean()

    def clean(self) -> None:
        """Forget everything. Can be interrupted at any point and done again."""
        # First that nothing here counts, in one step.
        self._map[self._base : self._base + 8] = _FILL[:8]
        end = self._map.tell()
        self._map[self._start : end] = _FILL[: end - self._start]
        self._map.seek(self._start)

    def close(self) -> None:
        """Let go of the memory."""
        self.write = _closed
        self._map.close()

    def leave(self) -> None:
        """In a forked child: what is in the memory is the parent's alone, even if this was being written out."""
        self.write = _closed
        self._map = mmap.mmap(-1, len(self._map))
        self._map.seek(self._start)


def _place(number: int) -> int:
    """Behind what was written to a descriptor last; cheaper to ask for than the size of the file."""
    try:
        return os.lseek(number, 0, os.SEEK_CUR)
    except OSError:  # the user has led the descriptor elsewhere, or closed it
        return 0


def _closed(_data: Any) -> int:
    raise ValueError("closed")


CompiledHalf: type[_half.Half] | None = None
with suppress(ImportError):
    from hallow.journal._half import Half as CompiledHalf


def opened_half(folder: str, number: int, which: int) -> Half:
    """A half for a descriptor, in a file in ``folder`` that is made if there is none.

    Args:
        folder: of the journal.
        number: of the descriptor, 1 or 2.
        which: 0 or 1.

    Raises:
        OSError: if there is no space, or if the file system cannot be trusted with mapped files.
    """
    kind = filesystem_type(folder)
    if kind is not None and is_network(kind):
        raise OSError(errno.EOPNOTSUPP, f"the file system is {kind}")
    place = HALVES * (number - 1) + which
    file = os.open(os.path.join(folder, STAGING), UPDATING, 0o666)
    try:
        if kind == "btrfs":
            overwrite_in_place(file)
        # Writing into a hole of a mapped file on a full disk would kill the process.
        if os.pwrite(file, _FILL, place * HALF_SIZE) < HALF_SIZE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        # From the beginning of the file, because other offsets have to fit the system's pages.
        memory = mmap.mmap(file, (place + 1) * HALF_SIZE, access=mmap.ACCESS_WRITE, **_NO_COPY)
        return (CompiledHalf or PlainHalf)(memory, place * HALF_SIZE, HALF_SIZE)
    except ValueError as error:  # the file is shorter than it was a moment ago
        raise OSError(errno.EINVAL, str(error)) from error
    finally:
        os.close(file)


# ------------------------------------------------------------------------------------------------ after a crash


class _Left(NamedTuple):
    """What is in a half."""

    sequence: int
    size: int
    target: int
    data: bytes
    place: int


def _left_in(path: str) -> list[_Left]:
    """What is staged, the oldest first."""
    data = read_range(path, 0, 2 * HALVES * HALF_SIZE)
    found = []
    for place in range(0, len(data) - HALF.size, HALF_SIZE):
        sequence, size, target, _ = HALF.unpack_from(data, place)
        rest = data[place + HALF.size : place + HALF_SIZE].rstrip(STAGED_FILL)
        if rest and sequence not in (0, STAGED_NONE):
            found.append(_Left(sequence, size, target, rest, place))
    return sorted(found, key=lambda left: (left.place >= HALVES * HALF_SIZE, left.sequence))


def take_in_staged(folder: str, name_of: Callable[[int], str]) -> None:
    """Append what is staged to the output, once its process is gone. Doing it twice, or halfway, does no harm.

    Args:
        folder: of the journal.
        name_of: the name of the file with this number.

    Raises:
        OSError: if the output cannot be written.
    """
    path = os.path.join(folder, STAGING)
    if not os.path.exists(path):
        return
    with _alone(path):
        for left in _left_in(path):
            output = os.path.join(folder, name_of(left.target))
            # As a process does that lives: if this one dies too, the next one sees how far it came.
            if left.size == STAGED_NONE:
                missing = left.data
                _note(path, left.place, size_of(output))
            else:
                missing = left.data[_arrived(left, output) :]
            if missing:
                _append(output, missing)
        with suppress(FileNotFoundError):
            os.unlink(path)


def _arrived(left: _Left, output: str) -> int:
    """How many bytes of a half are in the file: a process may have been killed in the middle of writing."""
    there = read_range(output, left.size, max(0, size_of(output) - left.size))
    if left.data in there:
        return len(left.data)
    return next((size for size in range(len(left.data), 0, -1) if there.endswith(left.data[:size])), 0)


def _note(path: str, place: int, size: int) -> None:
    file = os.open(path, UPDATING)
    try:
        os.lseek(file, place + 8, os.SEEK_SET)
        write_all(file, size.to_bytes(8, "little"))
    finally:
        os.close(file)


def _append(path: str, data: bytes) -> None:
    file = os.open(path, APPENDING, 0o666)
    try:
        write_all(file, data)
    finally:
        os.close(file)


@contextmanager
def _alone(path: str) -> Iterator[None]:
    """Two runs of one process may have their output in one file, and be recovered at the same time."""
    try:
        import fcntl

        file = os.open(path, os.O_RDONLY)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)
