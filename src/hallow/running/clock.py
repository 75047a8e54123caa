"""Doing something later: one thread for the whole process, because most runs are over before it is time.

Starting a thread costs more than most short runs do otherwise. So a run only says when it would need one; the clock's
own thread ends some time after the last run.
"""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Alarm", "call_later"]

#: Seconds between looks at whether anybody still waits.
_LINGER = 0.5


class Alarm:
    """A call to come; :meth:`cancel` is cheap and lets go of the function."""

    __slots__ = ("_func", "due")

    def __init__(self, due: float, func: Callable[[], object]) -> None:
        self.due = due
        self._func: Callable[[], object] | None = func

    @property
    def pending(self) -> bool:
        """Whether the call is still to come."""
        return self._func is not None

    def cancel(self) -> None:
        """Do not call; a call that has begun goes on."""
        self._func = None

    def ring(self) -> None:
        """Call, once."""
        func, self._func = self._func, None
        if func is not None:
            func()


class _Clock:
    """The alarms of this process and the thread that rings them."""

    def __init__(self) -> None:
        self.changed = threading.Condition(threading.Lock())
        self.alarms: list[Alarm] = []
        self.thread: threading.Thread | None = None
        # When the thread looks next.
        self.wakes = 0.0

    def add(self, alarm: Alarm) -> None:
        with self.changed:
            self.alarms = [one for one in self.alarms if one.pending]
            self.alarms.append(alarm)
            if self.thread is None:
                self.wakes = alarm.due
                self.thread = threading.Thread(target=self.run, name="hallow-clock", daemon=True)
                self.thread.start()
            elif alarm.due < self.wakes:
                self.changed.notify()

    def run(self) -> None:
        while True:
            with self.changed:
                ready = self.wait()
                if ready is None:
                    self.thread = None
                    return
            for alarm in ready:
                alarm.ring()

    def wait(self) -> list[Alarm] | None:
        """The alarms that are due, after some waiting; ``None`` if there are none at all."""
        now = time.monotonic()
        self.wakes = min([now + _LINGER, *(alarm.due for alarm in self.alarms if alarm.pending)])
        self.changed.wait(max(0.0, self.wakes - now))
        now = time.monotonic()
        waiting = [alarm for alarm in self.alarms if alarm.pending]
        if not waiting:
            return None
        self.alarms = [alarm for alarm in waiting if alarm.due > now]
        return [alarm for alarm in waiting if alarm.due <= now]


_clock = _Clock()


def call_later(seconds: float, func: Callable[[], object]) -> Alarm:
    """Have ``func`` called after ``seconds`` by another thread; it must be quick, for others wait behind it."""
    alarm = Alarm(time.monotonic() + seconds, func)
    _clock.add(alarm)
    return alarm


def _after_fork() -> None:
    global _clock
    _clock = _Clock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
