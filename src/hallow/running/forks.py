"""What a fork of the process, and a process that leaves by ``os._exit``, mean for its runs.

A forked child has copies of everything its parent had open. :func:`watch_forks` sees to it that whatever writes to a
record lets go of it in the child.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Detachable(Protocol):
    """Something that must not go on in a forked child."""

    def detach(self) -> None:
        """Forget, without closing or flushing, what belongs to the parent; called in the child, by its only thread.

        Locks may be held by threads that the child does not have: replace them, never wait for them.
        """


# What is alive and to be detached in a child; the handler of forks has no other way to it.
_TRACKED: WeakSet[Detachable] = WeakSet()


def track(item: Detachable) -> None:
    """Have ``item.detach()`` called in every child forked from now on, as long as the item is alive."""
    _TRACKED.add(item)


def untrack(item: Detachable) -> None:
    """Take back :func:`track`."""
    _TRACKED.discard(item)


@cache
def watch_forks() -> None:
    """Begin to call what is tracked; the first run does this, further calls do nothing."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_detach_all)


def _detach_all() -> None:
    for item in list(_TRACKED):
        with suppress(Exception):  # one that fails must not keep the others attached
            item.detach()
    _TRACKED.clear()
    _leave_exit_alone()


# ------------------------------------------------------------------------------------------------------ os._exit

# Guards _NOTES together with the wrapping of os._exit, which lasts as long as _NOTES is not empty.
_NOTES_LOCK = Lock()
_NOTES: dict[object, Callable[[int], Any]] = {}


@contextmanager
def exits_noted(note: Callable[[int], Any]) -> Iterator[None]:
    """Call ``note(exit code)`` before the process leaves by ``os._exit``, which runs no code of Python's after it.

    Several at a time are called in order; what they raise is ignored. Forked children note nothing. ``os._exit`` is
    what it was as soon as no run needs this any more, unless somebody has replaced it meanwhile.
    """
    key = object()
    watch_forks()
    _add_note(key, note)
    try:
        yield
    finally:
        _drop_note(key)


def _add_note(key: object, note: Callable[[int], Any]) -> None:
    with _NOTES_LOCK:
        _NOTES[key] = note
        if not _Exit.wrapped:
            _Exit.original, _Exit.process, _Exit.wrapped = os._exit, os.getpid(), True
            os._exit = _noting_exit


def _drop_note(key: object) -> None:
    with _NOTES_LOCK:
        _NOTES.pop(key, None)
        # Somebody may have wrapped our wrapper meanwhile; without notes it is harmless below theirs.
        if not _NOTES and os._exit is _noting_exit:
            os._exit, _Exit.wrapped = _Exit.original, False


class _Exit:
    """Whether ``os._exit`` is wrapped, by which process, and what it was before."""

    wrapped = False
    process = 0
    original: Any = os._exit


def _noting_exit(*args: Any, **kwargs: Any) -> Any:
    if os.getpid() == _Exit.process:
        code = args[0] if args else kwargs.get("status")
        if isinstance(code, int):
            for note in list(_NOTES.values()):
                with suppress(BaseException):
                    note(code)
    return _Exit.original(*args, **kwargs)


def _leave_exit_alone() -> None:
    """In a child: its exit is no end of a run."""
    global _NOTES_LOCK
    _NOTES_LOCK = Lock()  # a thread of the parent's may hold the old one
    _NOTES.clear()
    if os._exit is _noting_exit:
        os._exit, _Exit.wrapped = _Exit.original, False
    _Exit.process = os.getpid() if _Exit.wrapped else 0
