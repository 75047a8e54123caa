"""A thread that does something at intervals."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hallow.running.clock import call_later

if TYPE_CHECKING:
    from collections.abc import Callable

    from hallow.running.clock import Alarm


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
        super().__init__(name="hallow-heartbeat", daemon=True)
        self.stop_event = event
        self.func = func
        self.interval = interval
        self._first = interval
        self._alarm: Alarm | None = None
        self._starting = threading.Lock()

    def begin(self) -> None:
        """As ``start``, but the thread is made only when the first call is due, or the last one."""
        self._alarm = call_later(self.interval, self._start_now)

    def end(self, timeout: float) -> bool:
        """Stop after the last call; whether that returned within ``timeout`` seconds."""
        self.stop_event.set()
        self._start_now()
        self.join(timeout)
        return not self.is_alive()

    def _start_now(self) -> None:
        with self._starting:
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
                self._first = 0.0
                self.start()

    def run(self) -> None:
        """Wait, call, repeat."""
        delay = self._first
        while not self.stop_event.wait(delay):
            self.func()
            delay = self.interval
        self.func()
