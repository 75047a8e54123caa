"""Observers that several runs may have at once."""

from __future__ import annotations

import copy
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hallow.errors import ResumeError
from hallow.observers.base import RunObserver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from typing_extensions import Self

__all__ = ["PerRun", "RecordPerRun", "alone"]

_taking = threading.Lock()  # protects PerRun._taken


class PerRun:
    """An observer that keeps the state of one run, and makes a copy of itself for each further one at the same time.

    Whoever ends a run sets ``_taken`` to False.
    """

    _taken = False

    def _reset(self) -> None:
        """Forget the run."""
        raise NotImplementedError

    def for_run(self) -> Self:
        """The observer for one run: this one, or a copy of it while this one is busy with another run."""
        with _taking:
            taken, self._taken = self._taken, True
        if not taken:
            return self
        other = copy.copy(self)
        other._reset()
        return other


class RecordPerRun(PerRun, RunObserver):
    """One that leaves to the final event what it can of the last beat, which comes directly before."""

    # Whether the final event follows at once.
    _ending = False

    def for_run(self) -> Self:
        """The observer for one run, see :meth:`PerRun.for_run`."""
        observer = super().for_run()
        observer._ending = False  # a copy may have been made while this one was ending
        return observer

    def last_beat_event(self, info: dict[str, Any], captured_out: str, beat_time: datetime, result: Any) -> None:
        """Store what is new, but for what the final event stores."""
        self._ending = True
        try:
            # By way of heartbeat_event, which a subclass may have extended.
            super().last_beat_event(info, captured_out, beat_time, result)
        finally:
            self._ending = False


@contextmanager
def alone(lock_file: str, run_id: Any, patience: float) -> Iterator[None]:
    """While this lasts, nobody else who asks with the same file adds to a run that has ended.

    Args:
        lock_file: path; its folder exists.
        run_id: of the run.
        patience: seconds to wait for somebody else.

    Raises:
        ResumeError: if somebody else adds to it, and goes on doing so.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(os.fspath(lock_file), timeout=patience)
    try:
        lock.acquire()
    except Timeout:
        raise ResumeError(
            f"run {run_id} is being added to by another process; try again when that has finished",
            print_traceback=False,
        ) from None
    try:
        yield
    finally:
        lock.release()
