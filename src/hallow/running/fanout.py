"""Telling the observers of one run what happens, in order, whatever each of them does about it."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from hallow.observers.base import RunObserver, accepted
from hallow.running.metrics import joined_metrics

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping

    from hallow.running.run import Run

#: Seconds that the end of a run waits for an observer's ``join``.
JOIN_TIMEOUT = 300.0

# How often an event that failed is sent again with later beats.
_ATTEMPTS = 3


def by_priority(observers: Iterable[Any]) -> list[Any]:
    """Sorted by descending ``priority`` (0 where there is none), equal ones as they were."""
    return sorted(observers, key=_rank)


def _rank(observer: Any) -> float:
    priority = getattr(observer, "priority", 0)
    return -priority if isinstance(priority, int | float) else 0


def for_run(observer: Any) -> Any:
    """What stands for ``observer`` in one run: its own copy, if its class can make one."""
    # Asked of the class, because a mock has every attribute.
    make = getattr(type(observer), "for_run", None)
    return observer if make is None else make(observer)


class Outlet:
    """One observer of one run.

    Attributes:
        observer: who is told.
        begun: whether it recorded the start; otherwise the run is none of its business.
        late: whether it was still busy when it was given up.
        missing: what it raised on and did not get later, by event.
    """

    def __init__(self, observer: Any) -> None:
        self.observer = observer
        self.begun = False
        self.late = False
        self.failed = False
        self.missing: dict[str, list[str]] = {}
        # Held while the observer is told something; an observer may add an artifact on a heartbeat.
        self.busy = threading.RLock()
        self._due: dict[str, Any] = {}
        self._waiting: list[_Waiting] = []

    @property
    def last_beat(self) -> str:
        """The event that tells this observer of the last beat."""
        # Asked of the class, because a mock has every attribute.
        return "last_beat_event" if hasattr(type(self.observer), "last_beat_event") else "heartbeat_event"

    def call(self, event: str, kwargs: Mapping[str, Any]) -> Any:
        """Call the observer's method, if it has one, with the arguments that it accepts."""
        method = getattr(self.observer, event, None)
        if method is None:
            return None
        names = accepted(method)
        return method(**kwargs) if names is None else method(**{k: v for k, v in kwargs.items() if k in names})

    def owes(self, event: str, kwargs: dict[str, Any]) -> None:
        """Remember an event that failed, to be sent again with the next beats."""
        self._waiting.append(_Waiting(event, kwargs))

    def send_owed(self) -> None:
        """Try again what failed earlier; what fails too often is given up and stays missing."""
        for waiting in list(self._waiting):
            try:
                self.call(waiting.event, waiting.kwargs)
            except Exception:
                waiting.attempts += 1
                if waiting.attempts >= _ATTEMPTS:
                    self._waiting.remove(waiting)
                continue
            self._waiting.remove(waiting)
            self.settled(waiting.event)

    def add_due(self, metrics: dict[str, Any]) -> None:
        """Points to be sent, after those that could not be delivered earlier."""
        self._due = joined_metrics(self._due, metrics) if self._due else metrics

    def send_due(self, info: dict[str, Any]) -> None:
        """Send the points that are due; they stay so if the observer raises."""
        self.call("log_metrics", {"metrics_by_name": self._due, "info": info})
        self._due = {}

    def settled(self, event: str) -> None:
        """One failure of ``event`` was made good."""
        errors = self.missing.get(event)
        if errors:
            errors.pop(0)
            if not errors:
                del self.missing[event]


class _Waiting:
    def __init__(self, event: str, kwargs: dict[str, Any]) -> None:
        self.event = event
        self.kwargs = kwargs
        self.attempts = 1


class Fanout:
    """Delivers the events of one run to its observers, highest priority first.

    An exception of an observer is logged and keeps nothing later from it; only what it raises at the start
    propagates.

    Args:
        observers: in the order of delivery.
        logger: where failures are reported.
    """

    def __init__(self, observers: Iterable[Any], logger: logging.Logger) -> None:
        self.outlets = [Outlet(observer) for observer in observers]
        self.failed: list[Any] = []
        self._logger = logger
        # Counts the beats, so that one that was overtaken knows it.
        self._moment = 0

    # --------------------------------------------------------------------------------------------- events

    def start(self, event: str, run: Run, **kwargs: Any) -> None:
        """Tell of the start or the queueing; the first id that an observer returns is the run's.

        Raises:
            Exception: whatever an observer raises; those after it are not told of the run at all.
        """
        for outlet in self.outlets:
            own = {**kwargs, "ex_info": _own_lists(kwargs["ex_info"]), "_id": run._id}
            with outlet.busy:
                run_id = outlet.call(event, own)
            outlet.begun = True
            if run._id is None:
                run._id = run_id

    def tell(self, event: str, **kwargs: Any) -> None:
        """Tell of something that happens once; an observer that fails gets it again with the next beats."""
        for outlet in self._listening():
            with outlet.busy:
                try:
                    outlet.call(event, kwargs)
                except Exception as error:
                    self._report(outlet, event, error)
                    outlet.owes(event, kwargs)

    def beat(self, metrics: dict[str, Any], heartbeat: dict[str, Any], last: bool = False) -> None:
        """Tell of new points and of the state of the run; what happens later overtakes a beat that hangs.

        Args:
            metrics: points that are new.
            heartbeat: arguments of the event.
            last: whether the final event follows.
        """
        self._moment += 1
        moment = self._moment
        for outlet in self._listening():
            outlet.add_due(metrics)
        for outlet in self._listening():
            with outlet.busy:
                if moment != self._moment:
                    return
                outlet.send_owed()
                self._repeatable(outlet, "log_metrics", partial(outlet.send_due, heartbeat["info"]))
                event = outlet.last_beat if last else "heartbeat_event"
                self._repeatable(outlet, "heartbeat_event", partial(outlet.call, event, heartbeat))

    def _repeatable(self, outlet: Outlet, event: str, send: Callable[[], Any]) -> None:
        """Send what makes up for earlier failures of the same event."""
        try:
            send()
        except Exception as error:
            self._report(outlet, event, error)
        else:
            outlet.missing.pop(event, None)

    def finish(self, event: str, **kwargs: Any) -> None:
        """Tell of the end of the run; nobody is left out."""
        self._moment += 1
        for outlet in self._listening():
            with outlet.busy:
                try:
                    outlet.call(event, kwargs)
                except Exception as error:
                    self._note(outlet, event, error)
                    self._logger.exception("The '%s' observer failed on the end of the run", outlet.observer)

    def give_up_on_busy(self) -> None:
        """Observers that are busy now get nothing more; their last event would come in the wrong order."""
        for outlet in self._listening():
            if outlet.busy.acquire(blocking=False):
                outlet.busy.release()
                continue
            outlet.late = True
            self._note(outlet, "heartbeat_event", TimeoutError("still busy with an earlier event"))
            self._logger.error("The '%s' observer did not return in time; it is not told of the end.", outlet.observer)

    def join(self) -> None:
        """Wait until every observer has stored what it was given."""
        for outlet in self._listening():
            if getattr(type(outlet.observer), "join", None) is not RunObserver.join:
                self._join(outlet)

    def _join(self, outlet: Outlet) -> None:
        def join() -> None:
            try:
                outlet.call("join", {})
            except Exception as error:
                self._report(outlet, "join", error)

        thread = threading.Thread(target=join, name="hallow-join", daemon=True)
        thread.start()
        thread.join(JOIN_TIMEOUT)
        if thread.is_alive():
            self._logger.error(
                "The '%s' observer is still storing after %d s; not waiting any longer.",
                outlet.observer,
                JOIN_TIMEOUT,
            )

    def _listening(self) -> list[Outlet]:
        return [outlet for outlet in self.outlets if outlet.begun and not outlet.late]

    # ------------------------------------------------------------------------------------------ failures

    def _report(self, outlet: Outlet, event: str, error: Exception) -> None:
        first = event not in outlet.missing
        self._note(outlet, event, error)
        self._logger.warning(
            "An error ocurred in the '%s' observer: %s",
            outlet.observer,
            error,
            # Every beat of a lasting failure: the traceback once is enough.
            exc_info=error if first else None,
        )

    def _note(self, outlet: Outlet, event: str, error: Exception) -> None:
        outlet.missing.setdefault(event, []).append(repr(error))
        if not outlet.failed:
            outlet.failed = True
            self.failed.append(outlet.observer)

    def errors(self) -> dict[str, dict[str, list[str]]]:
        """What is still missing, by observer and event: the errors."""
        return {str(outlet.observer): dict(outlet.missing) for outlet in self.outlets if outlet.missing}

    def summarise(self) -> None:
        """Warn of each observer that failed, and of what it has not got."""
        for outlet in self.outlets:
            if not outlet.failed:
                continue
            self._logger.warning("The observer '%s' failed at some point during the run.", outlet.observer)
            for event, errors in outlet.missing.items():
                self._logger.warning(
                    "Not recorded by '%s': %s, %d time(s), last error %s",
                    outlet.observer,
                    event,
                    len(errors),
                    errors[-1],
                )


def _own_lists(ex_info: Mapping[str, Any]) -> dict[str, Any]:
    """A copy that an observer may change without others seeing it."""
    return {key: list(value) if isinstance(value, list) else value for key, value in ex_info.items()}
