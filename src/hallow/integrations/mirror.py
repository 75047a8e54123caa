"""What observers have in common that mirror runs into another tool."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import dataclass
from heapq import merge
from importlib.util import find_spec
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from hallow.observers.base import RunObserver
from hallow.observers.perrun import PerRun
from hallow.records.optional import imported
from hallow.records.points import epoch, points_of
from hallow.running.scalars import plain_scalar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from hallow.records.points import Points

__all__ = ["Mirror", "Row", "Started", "by_time", "check_installed", "flat", "whole"]

_WHOLE_LIMIT = 2**63 - 1


class Row(NamedTuple):
    """One point of a metric.

    Attributes:
        name: of the metric.
        step: as it was logged.
        value: a number; NaN and infinities are there, too.
        time: seconds since 1970 (UTC).
    """

    name: str
    step: Any
    value: float
    time: float


@dataclass(frozen=True)
class Started:
    """What a mirror knows of a run.

    Attributes:
        name: of the experiment.
        command: full name of the command.
        run_id: as the store gave it, ``None`` without a store.
        time: of the start, seconds since 1970 (UTC).
        config: the whole configuration; not to be changed.
        experiment: name, base_dir, mainfile, sources, dependencies, repositories.
    """

    name: str
    command: str
    run_id: Any
    time: float
    config: Mapping[str, Any]
    experiment: Mapping[str, Any]

    @property
    def label(self) -> str:
        """A short name of the run: its id in the store, or when it started."""
        return f"at-{self.time:.6f}" if self.run_id is None else str(self.run_id)


class Mirror(PerRun, RunObserver):
    """Base of observers that mirror runs into another tool.

    The other tool is first spoken to by the first event after the start, in the thread of the delivery: a tool that is
    slow, away or broken costs the run nothing. Until it answers, events raise, and are told again later. What of the
    points has arrived is counted, so that none is sent twice when they are told again.

    A mirror keeps no record: it has not everything (no sources, no output), so a run is not safe because it is
    mirrored, and its journal is not kept for the mirror. A run that is taken up again is a run like others to it.

    Args:
        priority: see :class:`~hallow.observers.base.RunObserver`; low, so that a store gives the run its id.
    """

    keeps_record: ClassVar[bool] = False
    _log: ClassVar[logging.Logger] = logging.getLogger("hallow.integrations")

    def __init__(self, priority: float) -> None:
        self.priority = priority
        self._reset()

    def _reset(self) -> None:
        self._started: Started | None = None
        self._tags: list[str] = []
        self._open = False
        # Step and time of the points that have arrived, of those that are being told, by metric.
        self._arrived: dict[str, deque[tuple[Any, float]]] = {}
        self._left_out: set[str] = set()

    # --------------------------------------------------------------------------------------- for subclasses

    def begin(self, run: Started) -> None:
        """Make the run known to the other tool; is called again if it raises."""
        raise NotImplementedError

    def batches(self, rows: list[Row]) -> Iterable[list[Row]]:
        """Points as they can be sent at once, those of one metric in their order."""
        return [rows] if rows else []

    def send(self, rows: Sequence[Row]) -> None:
        """Send points; all of them, or raise and send none."""
        raise NotImplementedError

    def finish(self, status: str, time: float, result: Any = None, trace: str = "") -> None:
        """Tell how the run ended.

        Args:
            status: COMPLETED, FAILED, INTERRUPTED, TIMEOUT or one of the user's.
            time: of the end, seconds since 1970 (UTC).
            result: of the run.
            trace: the traceback of a run that failed.
        """
        raise NotImplementedError

    def ready(self) -> None:
        """Make sure that the other tool knows the run.

        Raises:
            Exception: whatever the tool raises.
        """
        if not self._open and self._started is not None:
            self.begin(self._started)
            self._open = True

    # ----------------------------------------------------------------------------------------------- events

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> None:
        """Remember what is known of the run."""
        del host_info, meta_info
        self._reset()
        self._started = Started(str(ex_info.get("name") or ""), command, _id, epoch(start_time), config, ex_info)

    def detail_event(self, name: str, detail: Any) -> None:
        """Remember the tags, which are known at the end."""
        if name == "tags":
            self._tags = [str(tag) for tag in detail]

    def heartbeat_event(self, info: dict[str, Any], captured_out: str, beat_time: datetime, result: Any) -> None:
        """Let the other tool know of a run without metrics."""
        del info, captured_out, beat_time, result
        self.ready()

    def output_event(self, text: str, position: int) -> None:
        """The output is not mirrored; with this event, nobody has to put the whole of it together for heartbeats."""

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Mirror points; see :meth:`points_event`."""
        del info
        self.points_event(points_of(metrics_by_name))

    def points_event(self, points: list[Points]) -> None:
        """Mirror points; values that are no numbers are left out, with one warning for each metric."""
        self.ready()
        for batch in self.batches(list(self._new(points))):
            self.send(batch)
            for row in batch:
                self._arrived.setdefault(row.name, deque()).append((row.step, row.time))
        self._arrived.clear()

    def _new(self, points: Iterable[Points]) -> Iterator[Row]:
        """Points that have not arrived yet; told again, they come in the same order, and may be more."""
        arrived = {name: deque(those) for name, those in self._arrived.items()}
        for some in points:
            before = arrived.get(some.name, deque())
            for step, value, time in zip(some.steps, some.values, some.times, strict=True):
                number = _number(value)
                if number is None:
                    self._leave_out(some.name, value)
                elif before and before[0] == (step, time):
                    before.popleft()
                else:
                    before.clear()  # these are others
                    yield Row(some.name, step, number, time)

    def _leave_out(self, name: str, value: Any) -> None:
        if name not in self._left_out:
            self._left_out.add(name)
            self._log.warning("%s takes numbers only; points of %r such as %.80r are left out", self, name, value)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """Tell that the run ended well."""
        self._end("COMPLETED", stop_time, result=result)

    def interrupted_event(self, interrupt_time: datetime, status: str) -> None:
        """Tell that the run was stopped."""
        self._end(status, interrupt_time)

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """Tell that the run raised."""
        self._end("FAILED", fail_time, trace="".join(fail_trace))

    def _end(self, status: str, when: datetime, **facts: Any) -> None:
        try:
            self.ready()
            self.finish(status, epoch(when), **facts)
        finally:
            self._taken = False


def check_installed(package: str, who: str) -> None:
    """Make sure that a package is there, without loading it.

    Raises:
        MissingExtraError: (an ImportError) naming the package and how it is installed.
    """
    if find_spec(package) is None:
        imported(package, who=who)


def by_time(rows: Iterable[Row]) -> Iterator[Row]:
    """Points of all metrics as they were logged; those of one metric stay in their order, whatever their times."""
    metrics: dict[str, list[Row]] = {}
    for row in rows:
        metrics.setdefault(row.name, []).append(row)
    return merge(*metrics.values(), key=attrgetter("time"))


def whole(step: Any) -> int:
    """A step for tools that count in 64-bit integers: cut off after the point; 0 for what is no number."""
    try:
        return max(-_WHOLE_LIMIT, min(int(step), _WHOLE_LIMIT))
    except (TypeError, ValueError, OverflowError):
        return 0


def _number(value: Any) -> float | None:
    value = plain_scalar(value)
    if not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def flat(config: Mapping[str, Any]) -> dict[str, bool | int | float | str]:
    """The entries of a configuration by dotted name; what is no number, truth value or text is its ``str``."""
    found: dict[str, bool | int | float | str] = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            found.update((f"{key}.{inner}", entry) for inner, entry in flat(value).items())
        else:
            found[str(key)] = value if _is_plain(value) else str(value)
    return found


def _is_plain(value: Any) -> bool:
    """Whether other tools can take it: what is too large for their numbers is given as text."""
    return isinstance(value, bool | float | str) or (isinstance(value, int) and abs(value) <= _WHOLE_LIMIT)
