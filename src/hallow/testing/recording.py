"""An observer that remembers what it was told."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class RecordingObserver:
    """Keeps every event as ``(name, arguments)``; the arguments are copies, made when the event arrived.

    Args:
        run_id: what ``started_event`` and ``queued_event`` return.
        priority: as for every observer.
        fail: event name to what it raises: an exception (each time), or a function that gets the number of
            the call, from 1, and returns an exception or ``None``.
        sleep: event name to the seconds that it takes.

    Attributes:
        events: all that arrived, in order; also those on which it raised.
    """

    def __init__(
        self,
        run_id: Any = None,
        priority: float = 0,
        fail: Mapping[str, BaseException | Callable[[int], BaseException | None]] | None = None,
        sleep: Mapping[str, float] | None = None,
    ) -> None:
        self.run_id = run_id
        self.priority = priority
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._fail = dict(fail or {})
        self._sleep = dict(sleep or {})
        self._calls: Counter[str] = Counter()
        self._events_lock = threading.Lock()

    @property
    def names(self) -> list[str]:
        """The names of the events, in order."""
        return [name for name, _ in self.events]

    def calls(self, event: str) -> list[dict[str, Any]]:
        """The arguments of each ``event``."""
        return [arguments for name, arguments in self.events if name == event]

    def metrics(self) -> dict[str, dict[str, list[Any]]]:
        """All points by metric: the lists ``steps``, ``values`` and ``timestamps``."""
        joined: dict[str, dict[str, list[Any]]] = {}
        for call in self.calls("log_metrics"):
            for name, metric in call["metrics_by_name"].items():
                lists = joined.setdefault(name, {"steps": [], "values": [], "timestamps": []})
                for key, points in lists.items():
                    points.extend(metric[key])
        return joined

    @property
    def output(self) -> str:
        """The captured text as the last heartbeat had it."""
        beats = self.calls("heartbeat_event")
        return str(beats[-1]["captured_out"]) if beats else ""

    def _arrived(self, event: str, arguments: dict[str, Any]) -> None:
        with self._events_lock:
            self.events.append((event, _snapshot(arguments)))
            self._calls[event] += 1
            number = self._calls[event]
        if event in self._sleep:
            time.sleep(self._sleep[event])
        failure = self._fail.get(event)
        error = failure(number) if callable(failure) else failure
        if error is not None:
            raise error

    def queued_event(self, **arguments: Any) -> Any:
        """Keep it; returns ``run_id``."""
        self._arrived("queued_event", arguments)
        return self.run_id

    def started_event(self, **arguments: Any) -> Any:
        """Keep it; returns ``run_id``."""
        self._arrived("started_event", arguments)
        return self.run_id

    def heartbeat_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("heartbeat_event", arguments)

    def log_metrics(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("log_metrics", arguments)

    def resource_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("resource_event", arguments)

    def artifact_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("artifact_event", arguments)

    def completed_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("completed_event", arguments)

    def interrupted_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("interrupted_event", arguments)

    def failed_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("failed_event", arguments)

    def detail_event(self, **arguments: Any) -> None:
        """Keep it."""
        self._arrived("detail_event", arguments)

    def join(self) -> None:
        """Keep it."""
        self._arrived("join", {})


def _snapshot(value: Any) -> Any:
    """A copy of the containers in ``value``; other objects are shared."""
    if type(value) is dict:
        return {key: _snapshot(item) for key, item in value.items()}
    if type(value) is list:
        return [_snapshot(item) for item in value]
    return value
