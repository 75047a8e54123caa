"""Carrying messages out of the way: nobody has to wait for a service that does not answer."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Courier"]


class Courier:
    """Sends messages to one service, one after the other, in a thread of its own.

    Args:
        report: told of what a message raises.
    """

    def __init__(self, report: Callable[[BaseException], None]) -> None:
        self._report = report
        self._messages: deque[Callable[[], Any]] = deque()
        self._thread: threading.Thread | None = None
        self._given_up = False
        # Guards all of these.
        self._changed = threading.Condition(threading.Lock())

    def send(self, message: Callable[[], Any]) -> None:
        """Call ``message`` soon, after those that were given earlier."""
        with self._changed:
            self._messages.append(message)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="hallow-messages", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for at most so long until everything is sent; whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._thread is None, max(0.0, seconds))

    def give_up(self) -> int:
        """Send nothing more, and report nothing of what is still going on; how many messages that concerns."""
        with self._changed:
            count = len(self._messages)
            self._given_up = True
            self._messages.clear()
            return count

    def _work(self) -> None:
        while (message := self._next()) is not None:
            try:
                message()
            except BaseException as error:  # a library may even call sys.exit
                if not self._given_up:
                    self._report(error)
            with self._changed:
                if self._messages:
                    self._messages.popleft()

    def _next(self) -> Callable[[], Any] | None:
        with self._changed:
            if self._messages:
                return self._messages[0]
            self._thread = None
            self._changed.notify_all()
            return None
