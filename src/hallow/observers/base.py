"""The observer interface: what a run tells those who record it.

An observer is any object with some of the methods of :class:`RunObserver`; subclassing is convenient but not
asked for. Every event is delivered with keyword arguments only, and an observer is given those that its
method accepts (:func:`accepted`), so that observers written for an older interface go on working.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime, timedelta

    from hallow.records.points import Points

__all__ = ["RunObserver", "accepted", "takes_increments", "td_format"]


class RunObserver:
    """Base of observers: every event exists and does nothing.

    All times are naive datetimes in UTC.

    Attributes:
        priority: observers are called in descending order of it; the first id that one returns is the run's.
    """

    priority: float = 0

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """A run was put aside to be started later; returns an id for it or ``None``.

        What is raised here keeps the run from being queued.
        """

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """A run begins; returns an id for it or ``None``.

        Args:
            ex_info: name, base_dir, mainfile, sources (pairs of path and MD5), dependencies, repositories.
            command: full dotted name of the command.
            host_info: facts about this machine.
            start_time: when it began.
            config: the whole configuration; not to be changed.
            meta_info: options, named configs, updates, comment, priority.
            _id: the id, if it is decided already.

        What is raised here keeps the run from starting.
        """

    def heartbeat_event(self, info: dict[str, Any], captured_out: str, beat_time: datetime, result: Any) -> None:
        """Sent at intervals, and once more before the final event (see :meth:`last_beat_event`).

        Args:
            info: what the user put into ``run.info`` so far; observers may add to it.
            captured_out: the whole output since the start; ``None`` for observers that get :meth:`output_event`.
            beat_time: the time of this beat.
            result: the run's result, ``None`` before its end.
        """

    def last_beat_event(self, info: dict[str, Any], captured_out: str, beat_time: datetime, result: Any) -> None:
        """The last beat, directly followed by the final event; by default it is a heartbeat like the others.

        An observer that has no such method in its class is sent :meth:`heartbeat_event` instead.
        """
        facts = {"info": info, "captured_out": captured_out, "beat_time": beat_time, "result": result}
        names = accepted(self.heartbeat_event)
        self.heartbeat_event(**(facts if names is None else {k: v for k, v in facts.items() if k in names}))

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Points of metrics that are new since the last call.

        Args:
            metrics_by_name: name to a dict with the name and three parallel lists: steps, values, timestamps.
            info: the run's info, as in :meth:`heartbeat_event`.
        """

    def points_event(self, points: list[Points]) -> None:
        """Points of metrics that are new since the last call, in batches; comes in place of :meth:`log_metrics`.

        An observer gets this event, and not that one, if its class defines it, and the class that defines
        ``log_metrics`` is the same or further up. A metric may appear in several calls of one beat.
        """

    def output_event(self, text: str, position: int) -> None:
        """Output that is new since the last call; heartbeats then come without ``captured_out``.

        An observer gets this event if its class defines it, and the class that defines ``heartbeat_event`` is the same
        or further up.

        Args:
            text: replaces everything after ``position``.
            position: in bytes of UTF-8 from the beginning of the run, also of one that was resumed; never more than was
                sent before, less where a progress bar changed its line.
        """

    def output_bytes_event(self, data: bytes, position: int) -> None:
        """As :meth:`output_event`, in its place, for who stores the text as it comes: ``data`` is UTF-8.

        An observer gets this event if its class defines it, and the class that defines ``output_event`` is the same or
        further up.
        """

    def resource_event(self, filename: str) -> None:
        """A file (absolute path) was read by the run."""

    def artifact_event(
        self,
        name: str,
        filename: str,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> str | None:
        """A file (absolute path) was made by the run and is to be kept under ``name``.

        Returns:
            where it is kept, for stores that have paths.
        """

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """The run ended well."""

    def interrupted_event(self, interrupt_time: datetime, status: str) -> None:
        """The run was stopped; ``status`` is INTERRUPTED, TIMEOUT or one of the user's."""

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """The run raised; ``fail_trace`` holds the lines of the traceback."""

    def detail_event(self, name: str, detail: Any) -> None:
        """Further facts that stand beside the documents of the run, such as ``"git"`` or ``"origins"``.

        Args:
            name: a word in lower case; a later detail of the same name replaces the earlier one.
            detail: JSON values.
        """

    # Observers that keep a store may also have these; they are looked for in the class.
    #
    #   details_event(details)           several details at once, as pairs of name and detail
    #   for_run() -> observer            what stands for this one in one run
    #   last_beat_event(...)             see above
    #   journal_folder: str | None       a folder on this machine, as safe as the record, for the journal of the run
    #   recovery() -> dict               "class" and "arguments" with which another process makes the observer again
    #   reopen(_id) -> StoredRun         take up a run recorded earlier (hallow.records.stored)
    #   adding(_id)                      a context: meanwhile no other process adds to a run that has ended
    #   resumed_event(resume_time, host_info, _id)   a run that was reopened goes on
    #   keeps_record = False         it only sends messages: what it misses is no gap in a record
    #   store() -> Store             what reads the store (hallow.stores.Store)
    #   copies                       dict: path of a source or resource -> the file to read it from
    #   open_artifact(name, mode)        an artifact of the present run, opened for reading

    def discard(self) -> None:
        """Remove the run that has just ended from the store; the user wants to keep only certain outcomes."""

    def join(self) -> None:
        """Block until everything given to this observer is stored."""


def takes_increments(observer: object, increment: str, whole: str) -> bool:
    """Whether an observer gets the event ``increment`` in place of the older event ``whole``.

    A subclass of ours that overrides only the older event goes on getting that.
    """
    home, older = (_home(type(observer), event) for event in (increment, whole))
    return home is not None and (older is None or issubclass(home, older))


def _home(cls: type, name: str) -> type | None:
    """The class that defines an event for ``cls``; :class:`RunObserver` does not count, there it does nothing."""
    home = next((base for base in cls.__mro__ if name in vars(base)), None)
    return None if home is RunObserver else home


def accepted(method: Callable[..., Any]) -> frozenset[str] | None:
    """The keyword arguments that ``method`` accepts; ``None`` if it accepts any.

    The answer is remembered for each function.
    """
    function = getattr(method, "__func__", method)
    try:
        return _ACCEPTED[function]
    except (KeyError, TypeError):
        names = _look_up_accepted(method)
    with suppress(TypeError):  # cannot be hashed, or not be referred to weakly
        _ACCEPTED[function] = names
    return names


_ACCEPTED: WeakKeyDictionary[Any, frozenset[str] | None] = WeakKeyDictionary()


def _look_up_accepted(method: Callable[..., Any]) -> frozenset[str] | None:
    import inspect

    try:
        parameters = inspect.signature(method).parameters.values()
    except (TypeError, ValueError):
        return None
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return None
    keywords = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return frozenset(parameter.name for parameter in parameters if parameter.kind in keywords)


def td_format(td_object: timedelta) -> str:
    """A time span in words, zero parts left out: 61 seconds give ``1 minute, 1 second``.

    A year has 365 days and a month 30.
    """
    rest = int(td_object.total_seconds())
    parts = []
    for unit, seconds in _UNITS:
        count, rest = divmod(rest, seconds) if rest > 0 else (0, rest)
        if count:
            parts.append(f"{count} {unit}{'' if count == 1 else 's'}")
    return ", ".join(parts) or "less than a second"


_UNITS = (
    ("year", 365 * 86400),
    ("month", 30 * 86400),
    ("day", 86400),
    ("hour", 3600),
    ("minute", 60),
    ("second", 1),
)
