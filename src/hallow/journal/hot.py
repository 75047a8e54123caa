"""The one function that runs for every logged point."""

from __future__ import annotations

from struct import error as struct_error
from threading import RLock
from time import time
from typing import TYPE_CHECKING, Any, NamedTuple

from hallow.journal.layout import (
    BOOL,
    CHECK_STEP,
    CHECK_ZERO,
    FLOAT,
    INT,
    RECORD_SIZE,
    kinds_of,
    packer_for,
)

if TYPE_CHECKING:
    import mmap
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["HotPath", "hot_path"]

#: By the type of the value, for steps that are ints.
_PACKERS = {
    kind: (packer_for(number, INT).pack_into, kinds_of(number, INT))
    for kind, number in ((float, FLOAT), (int, INT), (bool, BOOL))
}


class HotPath(NamedTuple):
    """Doors to the state that :func:`hot_path` keeps; ``put`` and ``place`` want the lock to be held.

    Attributes:
        log: logs one point; see :func:`hot_path`.
        put: ``put(pack_into, value, step, at, number, kinds)`` writes one record and gives its number, or -1 if there
            is no room.
        place: ``place(buffer, first, index)`` lets the next record, which has the number ``index``, and those after it
            go into ``buffer``, which begins with the number ``first``. Gives ``False``, and changes nothing, if the
            next record has another number by now.
        size: how many records there are, and how many bytes of room.
        lock: the lock; the thread that has it may take it again.
        renew: makes a fresh lock, because the old one may be held by a thread that a fork has left behind.
    """

    log: Callable[..., None]
    put: Callable[[Callable[..., None], Any, Any, float, int, int], int]
    place: Callable[..., bool]
    size: Callable[[], tuple[int, int]]
    lock: Callable[[], AbstractContextManager[Any]]
    renew: Callable[[], None]


def hot_path(  # noqa: C901 - functions inside a function add up
    ids: dict[str, int], steps: dict[str, Any], slow: Callable[..., None], start: int = 0
) -> HotPath:
    """Make the function that logs plain numbers into a buffer and leaves everything else to ``slow``.

    It is a closure, because local variables are faster than attributes, and takes the lock by hand, because
    ``with`` costs a tenth of a microsecond more. What keeps it correct where a signal handler interrupts it that
    raises, or logs itself: Python looks for signals only after calls, and between reading a counter and
    advancing it nothing is called; a record is claimed before it is written; the lock lets its thread in again.

    Args:
        ids: the number in the records of each name that may be logged in this way.
        steps: the next automatic step of each name.
        slow: called with name, value, step and time, without the lock, for a name, value or step that is not as
            usual and when there is no room.
        start: number of the next record.
    """
    lock = RLock()
    acquire, release = lock.acquire, lock.release
    buffer: bytearray | mmap.mmap = bytearray()
    base, offset, limit, check = start, 0, 0, CHECK_ZERO

    def log(name: str, value: Any, step: Any = None, at: float | None = None) -> None:
        nonlocal offset, check
        if step is not None and type(step) is not int:
            return slow(name, value, step, at)
        done = False
        try:
            acquire()
            try:
                if at is None:
                    at = time()
                pack_into, kinds = _PACKERS[type(value)]
                number = ids[name]
                here, mark = offset, check
                if here < limit:
                    this = steps[name] if step is None else step
                    steps[name] = this + 1
                    offset, check = here + 32, (mark + 40503) & 0xFFFF
                    pack_into(buffer, here, value, this, at, number, kinds, mark or 1)
                    done = True
            except (KeyError, TypeError):  # a new name, or what is no name, no number
                pass
            except struct_error:  # a number of more than 64 bits, a counter that is a float
                offset, check, steps[name] = here, mark, this
        except BaseException:
            try:  # noqa: SIM105 - another call before this one, and a second signal would leave the lock held
                release()
            except RuntimeError:  # interrupted while it waited for the lock
                pass
            raise
        release()
        return None if done else slow(name, value, step, at)

    def put(pack_into: Callable[..., None], value: Any, step: Any, at: float, number: int, kinds: int) -> int:
        nonlocal offset, check
        here, mark = offset, check
        if here >= limit:
            return -1
        offset, check = here + RECORD_SIZE, (mark + CHECK_STEP) & 0xFFFF
        pack_into(buffer, here, value, step, at, number, kinds, mark or 1)
        return base + here // RECORD_SIZE

    def place(new: bytearray | mmap.mmap, first: int, index: int) -> bool:
        nonlocal buffer, base, offset, limit, check
        size = len(new)
        if base + offset // RECORD_SIZE != index:
            return False
        buffer, base, limit, offset = new, first, size, (index - first) * RECORD_SIZE
        check = (CHECK_ZERO + index * CHECK_STEP) & 0xFFFF
        return True

    def renew() -> None:
        nonlocal lock, acquire, release
        lock = RLock()
        acquire, release = lock.acquire, lock.release

    return HotPath(log, put, place, lambda: (base + offset // 32, limit - offset), lambda: lock, renew)
