"""Any observer behind a thread of its own, so that who tells it of events does not wait for it."""

from __future__ import annotations

import atexit
import inspect
import os
import threading
import time
import weakref
from collections import Counter, deque
from logging import getLogger
from typing import TYPE_CHECKING, Any

from hallow.errors import StoreError
from hallow.observers.base import RunObserver, accepted
from hallow.observers.snapshots import snapshot
from hallow.observers.undelivered import Undelivered, named_arguments
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["QueueObserver", "told_in_runs"]

#: How often an event that fails by itself is tried, and how many rounds without any success end the trying.
_ATTEMPTS = 3
_FINAL = frozenset({"completed_event", "interrupted_event", "failed_event"})
_EVENTS = (
    "queued_event",
    "started_event",
    "heartbeat_event",
    "last_beat_event",
    "log_metrics",
    "resource_event",
    "artifact_event",
    "detail_event",
    *sorted(_FINAL),
    "discard",
    "join",
)
_log = getLogger("hallow.observers")


class QueueObserver(RunObserver):
    """Puts another observer behind a worker thread: events return at once, and are delivered in order soon after.

    In a run of hallow the covered observer itself is told (see :meth:`for_run`), because the delivery of a run is a
    queue already, one on disk. What follows holds where events are called by other code.

    The start is told at once, and what the observer raises there propagates. Later events are snapshots of their
    arguments; files that they name must stay until the run has ended. An event that fails is tried again; while the
    others arrive, at most three times. A final event, and :meth:`join`, wake the worker at once and wait for it. If
    then nothing arrives in three rounds, or one call takes longer than ``SETTINGS.EXIT_TIMEOUT``, what is left goes to
    disk as a journal, with an error in the log that says where it is and what to do.

    The priority, and every attribute that is not known here, is that of the covered observer.

    Args:
        covered_observer: the observer.
        interval: seconds between two rounds of the worker.
        retry_interval: seconds before what failed is tried again.
    """

    def __init__(self, covered_observer: Any, interval: float = 20.0, retry_interval: float = 10.0) -> None:
        self._covered_observer = covered_observer
        self._interval = interval
        self._retry_interval = retry_interval
        # Guards the queue, and who is at work on it.
        self._changed = threading.Condition(threading.Lock())
        self._queue: deque[_Event] = deque()
        self._worker: _Worker | None = None
        self._waiting = 0
        self._refused = False
        self._process = os.getpid()
        self._begin(None, None)

    # ------------------------------------------------------------------------------------ the covered observer

    @property
    def priority(self) -> float:
        """That of the covered observer."""
        value: float = getattr(self._covered_observer, "priority", 0)
        return value

    @priority.setter
    def priority(self, value: float) -> None:
        self._covered_observer.priority = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or "_covered_observer" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self._covered_observer, name)

    def __eq__(self, other: object) -> bool:
        theirs = other._covered_observer if isinstance(other, QueueObserver) else other
        return self._covered_observer is theirs or bool(self._covered_observer == theirs)

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._covered_observer!r})"

    def for_run(self) -> Any:
        """What is told in a run of hallow: the covered observer, unless a subclass has changed an event."""
        told = told_in_runs(self)
        make = None if told is self else getattr(type(told), "for_run", None)
        return told if make is None else make(told)

    def _call(self, event: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call the covered observer's method, if it has one, with the keyword arguments that it accepts."""
        method = getattr(self._covered_observer, event, None)
        if method is None:
            return None
        if args and not _fits(method, args, keywords):
            args, keywords = (), named_arguments(event, args, keywords)
        names = accepted(method)
        return method(*args, **(keywords if names is None else {k: v for k, v in keywords.items() if k in names}))

    # -------------------------------------------------------------------------------------------------- events

    def _begin(self, run_id: Any, command: str | None) -> None:
        self._undelivered = Undelivered(self._covered_observer, run_id, command)
        self._problems: Counter[str] = Counter()
        self._told_of: set[str] = set()
        self._is_hanging = False
        self._known: tuple[Any, Any] = ({}, None)

    def _begin_with(self, event: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        self._process = os.getpid()
        self._refused = True
        run_id = self._call(event, args, keywords)
        self._refused = False
        given = named_arguments(event, args, keywords)
        self._begin(run_id if given.get("_id") is None else given["_id"], given.get("command"))
        return run_id

    def queued_event(self, *args: Any, **kwargs: Any) -> Any:
        """Tell the covered observer at once; what it raises propagates."""
        return self._begin_with("queued_event", args, kwargs)

    def started_event(self, *args: Any, **kwargs: Any) -> Any:
        """Tell the covered observer at once; if it raises, that propagates, and later events are left out."""
        return self._begin_with("started_event", args, kwargs)

    def heartbeat_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it."""
        event = self._put("heartbeat_event", args, kwargs)
        if event is not None:
            arguments = event.arguments()
            self._known = (arguments.get("info"), arguments.get("result"))

    def log_metrics(self, *args: Any, **kwargs: Any) -> None:
        """Queue it."""
        self._put("log_metrics", args, kwargs)

    def resource_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it."""
        self._put("resource_event", args, kwargs)

    def artifact_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it."""
        self._put("artifact_event", args, kwargs)

    def detail_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it."""
        self._put("detail_event", args, kwargs)

    def completed_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it, and wait until everything is delivered or given up."""
        self._put("completed_event", args, kwargs)
        self._finish()

    def interrupted_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it, and wait until everything is delivered or given up."""
        self._put("interrupted_event", args, kwargs)
        self._finish()

    def failed_event(self, *args: Any, **kwargs: Any) -> None:
        """Queue it, and wait until everything is delivered or given up."""
        self._put("failed_event", args, kwargs)
        self._finish()

    def discard(self) -> None:
        """Wait, and have the record removed."""
        self._finish()
        self._call("discard", (), {})

    def join(self) -> None:
        """Wait until everything is delivered and stored.

        Raises:
            StoreError: if something could not be delivered since the start, or since the last call of this method; says
                what, and where it is kept.
        """
        self._put("join", (), {})
        self._finish()
        problems, self._problems = self._problems, Counter()
        if problems:
            raise StoreError(f"not everything was recorded by {self._covered_observer!r}: {self._report(problems)}")

    # --------------------------------------------------------------------------------------------------- queue

    def _is_ours(self) -> bool:
        """Whether a run was not refused, and this is not a child made by fork: that leaves all to its parent."""
        return not self._refused and self._process == os.getpid()

    def _put(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> _Event | None:
        if not self._is_ours():
            return None
        event = _Event(name, snapshot(args), snapshot(keywords))
        if self._is_hanging:
            if name != "join":
                self.give_up([event])
            return event
        with self._changed:
            self._queue.append(event)
            if self._worker is None:
                self._worker = _Worker(self)
            self._changed.notify_all()
        return event

    def _finish(self) -> None:
        """Have the queue emptied now, and wait for that."""
        me = threading.current_thread()
        if not self._is_ours() or (self._worker is not None and self._worker.thread is me):
            return
        left: list[_Event] = []
        with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            while self._worker is not None:
                overdue = self._worker.overdue()
                if overdue >= 0:
                    left = self._leave_behind(self._worker.current)
                    break
                self._changed.wait(-overdue)
            self._waiting -= 1
        if left:
            self.give_up(left)

    def _leave_behind(self, current: _Event | None) -> list[_Event]:
        """Take everything from a worker that does not come back from a call; what comes later is not tried."""
        left = list(self._queue)
        if current is not None:
            current.error = "TimeoutError('it did not return in time')"
        self._queue.clear()
        self._is_hanging = True
        self._worker = None
        return left

    def give_up(self, events: Iterable[_Event]) -> None:
        """Keep events on disk, as the covered observer does not take them, and say so."""
        events = list(events)
        for event in events:
            if event.name in _FINAL:
                self.note_end(event)
            elif event.name != "join":
                self._keep(event)
        lost = Counter(event.name for event in events)
        self._problems.update(lost)
        last = next((event.error for event in reversed(events) if event.error), "none")
        _log.error("Not recorded by %r: %s. The last error was %s", self._covered_observer, self._report(lost), last)

    def _keep(self, event: _Event) -> None:
        try:
            self._undelivered.add(event.name, event.arguments())
        except Exception as error:
            _log.error("%s cannot be kept for later delivery: %s", event.name, error)

    def note_end(self, event: _Event) -> None:
        """Note how the run ended, for a recovery of what is kept; it tells the final event in any case."""
        arguments = event.arguments()
        info, result = self._known
        try:
            self._undelivered.end(event.name, arguments, info, arguments.get("result", result))
        except Exception as error:
            _log.error("The end of the run cannot be kept for later delivery: %s", error)

    def is_anything_kept(self) -> bool:
        """Whether something is on disk."""
        return bool(self._undelivered)

    def _report(self, lost: Counter[str]) -> str:
        counts = ", ".join(f"{number} x {name}" for name, number in lost.items())
        return counts if set(lost) == {"join"} else f"{counts}; {self._undelivered.where()}"

    def note(self, event: _Event) -> None:
        """Say that an event failed, once for each kind of event."""
        if event.name not in self._told_of:
            self._told_of.add(event.name)
            _log.warning(
                "An error ocurred in the '%s' observer: %s on %s, which is tried again",
                self._covered_observer,
                event.error,
                event.name,
            )


def told_in_runs(observer: Any) -> Any:
    """The observer that a run of hallow tells: what a queue covers, and any other observer itself."""
    while isinstance(observer, QueueObserver):
        if any(getattr(type(observer), event) is not getattr(QueueObserver, event) for event in _EVENTS):
            break
        observer = observer._covered_observer
    return observer


class _Event:
    """One event that is to be delivered."""

    __slots__ = ("args", "error", "keywords", "name", "seen", "tries")

    def __init__(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self.name = name
        self.args = args
        self.keywords = keywords
        self.tries = self.seen = 0
        self.error = ""

    def fail(self, error: BaseException, arrived: int) -> None:
        """Note a failure, and how many events had arrived when it was the first."""
        self.seen = self.seen if self.tries else arrived
        self.tries += 1
        self.error = repr(error)

    def arguments(self) -> dict[str, Any]:
        return named_arguments(self.name, self.args, self.keywords)


class _Worker:
    """Empties the queue of an observer until somebody waits for that and it is done.

    Attributes:
        thread: its thread.
        current: what it is telling, or told last.
    """

    def __init__(self, observer: QueueObserver) -> None:
        self._observer = observer
        self._changed = observer._changed
        self._queue = observer._queue
        self._next = time.monotonic() + observer._interval
        # Rounds in a row in which nothing arrived although somebody waits; whether something failed in the last one.
        self._vain = 0
        self._is_failing = self._is_hurried = False
        self._arrived = 0
        self._since: float | None = None
        self.current: _Event | None = None
        self._at_exit = _at_exit(observer)
        self.thread = threading.Thread(target=self._serve, name="hallow-queue", daemon=True)
        self.thread.start()

    def overdue(self) -> float:
        """By how many seconds the present call has lasted too long; less than 0: not yet."""
        since, now = self._since, time.monotonic()
        return (0.0 if since is None else now - since) - float(SETTINGS["EXIT_TIMEOUT"]) - 1e-3

    def _is_current(self) -> bool:
        return self._observer._worker is self

    def _serve(self) -> None:
        try:
            while self._has_work():
                self._round()
        finally:
            with self._changed:
                if self._is_current():  # never let anybody wait for a thread that has ended
                    self._observer._worker = None
                self._changed.notify_all()
            atexit.unregister(self._at_exit)

    def _has_work(self) -> bool:
        """Wait for the next round; whether there is one."""
        with self._changed:
            while self._is_current():
                if self._observer._waiting and not self._queue:
                    self._observer._worker = None
                    self._changed.notify_all()
                    return False
                pause = self._pause()
                if self._queue and pause <= 0:
                    return True
                self._changed.wait(pause if self._queue else None)
            return False

    def _pause(self) -> float:
        """Seconds until the next round; when somebody begins to wait, one comes at once."""
        pause = self._next - time.monotonic()
        if not self._observer._waiting:
            return pause
        limit = float(SETTINGS["EXIT_TIMEOUT"]) / (2 * _ATTEMPTS)  # who waits must be back before that is over
        return min(pause, limit) if self._is_hurried and self._is_failing else 0.0

    def _round(self) -> None:
        """Try everything once, but nothing behind an event of the same kind that has just failed."""
        with self._changed:
            events = list(self._queue)
            self._is_hurried = self._observer._waiting > 0
        before, failed = self._arrived, list[_Event]()
        blocked: set[str] = set()
        in_a_row = 0
        for number, event in enumerate(events):
            is_early = event.name in _LAST and number > self._arrived - before
            if is_early or event.name in blocked:
                continue
            if self._deliver(event):
                in_a_row = 0
            else:
                failed.append(event)
                in_a_row += 1
                if event.tries < _ATTEMPTS:
                    blocked.add(event.name)
            if not self._is_current() or in_a_row == _ATTEMPTS:
                break
        if self._is_current():
            self._conclude(self._arrived > before, failed)

    def _conclude(self, progress: bool, failed: list[_Event]) -> None:
        """Give up what fails by itself, or everything if nothing arrives any more."""
        since_then = self._arrived if self._is_hurried else 0
        tried = [event for event in failed if event.tries >= _ATTEMPTS]
        self._give_up([event for event in tried if progress or since_then > event.seen])
        self._vain = self._vain + 1 if self._is_hurried and failed and not progress else 0
        if self._vain >= _ATTEMPTS:
            self._vain = _ATTEMPTS - 1  # the final event, which comes next, is tried only once
            with self._changed:
                left = list(self._queue)
            self._give_up([event for event in left if event.name not in _LAST] or left[:1])
            failed = []
        self._is_failing = bool(failed)
        observer = self._observer
        self._next = time.monotonic() + (observer._retry_interval if failed else observer._interval)

    def _give_up(self, events: list[_Event]) -> None:
        if events:
            self._observer.give_up(events)
            with self._changed:
                for event in events:
                    if event in self._queue:
                        self._queue.remove(event)

    def _deliver(self, event: _Event) -> bool:
        observer = self._observer
        self.current, self._since = event, time.monotonic()
        try:
            observer._call(event.name, event.args, event.keywords)
        except BaseException as error:  # an observer may even call sys.exit
            event.fail(error, self._arrived)
            if self._is_current():
                observer.note(event)
            return False
        finally:
            self._since = None
        self._arrived += 1
        if event.name in _FINAL and self._is_current() and observer.is_anything_kept():
            observer.note_end(event)
        with self._changed:
            if self._is_current():
                self._queue.remove(event)
        return True


_LAST = _FINAL | {"join"}


def _fits(method: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether a method takes these arguments by position."""
    try:
        inspect.signature(method).bind(*args, **keywords)
    except (TypeError, ValueError):
        return False
    return True


def _at_exit(observer: QueueObserver) -> Any:
    """Have what is queued delivered when the interpreter ends, for code that does not wait for it."""
    reference = weakref.ref(observer)

    def finish() -> None:
        own = reference()
        if own is not None:
            own._finish()

    atexit.register(finish)
    return finish
