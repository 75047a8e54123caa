"""Which run is this? The answer for the code that asks, in whatever thread or task it runs.

A run is current in the context (:mod:`contextvars`) that called it, hence also in asyncio tasks made there.
Threads do not inherit a context, so while any run is active, the run that started a thread is noted on it.
"""

from __future__ import annotations

import threading
import weakref
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.run import Run

#: The run of this context; captured functions read it directly, everybody else asks :func:`current_run`.
CURRENT: ContextVar[Run | None] = ContextVar("hallow_run", default=None)

_NOTE = "_hallow_run"

# Guards _ACTIVE together with the wrapping of Thread.start, which lasts as long as _ACTIVE is not empty.
_ACTIVE_LOCK = threading.Lock()
_ACTIVE: dict[int, Run] = {}


def current_run() -> Run | None:
    """The run that this code belongs to, or ``None``.

    That is the run of this context; for a thread started during a run, that run, or the run around it once it
    has ended; otherwise the only active run of the process, if there is exactly one.
    """
    run = enclosing_run()
    if run is not None:
        return run
    active = list(_ACTIVE.values())
    return active[0] if len(active) == 1 else None


def enclosing_run() -> Run | None:
    """As :func:`current_run`, without guessing: only what context and thread say."""
    run = CURRENT.get()
    if run is not None:
        return run
    note = getattr(threading.current_thread(), _NOTE, None)
    run = note() if note is not None else None
    while run is not None and id(run) not in _ACTIVE:
        run = run.parent
    return run


def active_runs() -> list[Run]:
    """The runs of this process that have started and not yet ended, oldest first."""
    return list(_ACTIVE.values())


@contextmanager
def entered(run: Run) -> Iterator[Run]:
    """Make ``run`` the current one with the run around it as parent, which goes on afterwards."""
    run.parent = enclosing_run()
    _activate(run)
    token = CURRENT.set(run)
    try:
        yield run
    finally:
        CURRENT.reset(token)
        _deactivate(run)


def _activate(run: Run) -> None:
    with _ACTIVE_LOCK:
        _ACTIVE[id(run)] = run
        if not _Wrapping.installed:
            _Wrapping.original = threading.Thread.start
            _Wrapping.installed = True
            threading.Thread.start = _noting_start  # type: ignore[method-assign,assignment]


def _deactivate(run: Run) -> None:
    with _ACTIVE_LOCK:
        _ACTIVE.pop(id(run), None)
        # Somebody may have wrapped our wrapper meanwhile; without runs it is harmless below theirs.
        if not _ACTIVE and threading.Thread.start is _noting_start:
            threading.Thread.start = _Wrapping.original  # type: ignore[method-assign]
            _Wrapping.installed = False


class _Wrapping:
    """Whether ``Thread.start`` is wrapped, and what it was before."""

    installed = False
    original: Any = threading.Thread.start


def _noting_start(thread: threading.Thread, *args: Any, **kwargs: Any) -> None:
    # Without guessing: the main thread may start threads for several runs.
    run = enclosing_run()
    if run is not None:
        # Weak: a worker of a pool may live much longer than the run.
        setattr(thread, _NOTE, weakref.ref(run))
    _Wrapping.original(thread, *args, **kwargs)
