"""A thread that does something at intervals, for code that uses Sacred's; runs have :mod:`hallow.running.lane`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["IntervalTimer"]


class IntervalTimer(threading.Thread):
    """Calls ``func`` every ``interval`` seconds until ``event`` is set, and then once more.

    The first call comes after a full interval. An exception of ``func`` ends the thread.
    """

    @classmethod
    def create(cls, func: Callable[[], Any], interval: float = 10) -> tuple[threading.Event, IntervalTimer]:
        """A stop event and a thread (not started) that watches it."""
        stop = threading.Event()
        return stop, cls(stop, func, interval)

    def __init__(self, event: threading.Event, func: Callable[[], Any], interval: float = 10.0) -> None:
        super().__init__(name="hallow-timer", daemon=True)
        self.stop_event = event
        self.func = func
        self.interval = interval

    def run(self) -> None:
        """Wait, call, repeat."""
        while not self.stop_event.wait(self.interval):
            self.func()
        self.func()
