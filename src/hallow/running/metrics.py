"""Scalars logged by a run, from the call that logs one to what observers are told."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hallow.journal.metrics import MetricsLog
from hallow.running.times import naive_utc

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable
    from datetime import datetime

    from hallow.records.points import Points

_NUMBERS = frozenset({bool, int, float})
_STEPS = frozenset({int, float, type(None)})


class ScalarMetricLogEntry:
    """One logged value.

    Attributes:
        name: of the metric.
        step: usually a count from 0.
        timestamp: naive datetime in UTC.
        value: usually a number.
    """

    __slots__ = ("name", "step", "timestamp", "value")

    def __init__(self, name: str, step: Any, timestamp: datetime, value: Any) -> None:
        self.name = name
        self.step = step
        self.timestamp = timestamp
        self.value = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.step!r}, {self.timestamp!r}, {self.value!r})"


class MetricsLogger:
    """Takes values and keeps them, in the journal of a run once it has one.

    Args:
        logger: where trouble is reported.
        refuse: whether a value that is no scalar is an error of the caller; otherwise it is kept, arrays as lists with
            one warning for each metric.

    Attributes:
        log: the quick way in, for values that are floats and steps that are ints or ``None``.
    """

    def __init__(self, logger: logging.Logger | None = None, refuse: bool = False) -> None:
        self._logger = logger
        self._refuse = refuse
        self._kept: MetricsLog = MetricsLog(None, logger)
        self._taken = 0
        self._warned: set[str] = set()
        self.log = self._kept.log

    def keep_in(self, kept: MetricsLog) -> None:
        """From now on, keep the points in the metrics log of a journal, with those that are here already."""
        before, self._kept, self._taken = self._kept, kept, 0
        kept.next_steps.update(before.next_steps)
        for points in before.read(0, before.count):
            for step, value, at in zip(points.steps, points.values, points.times, strict=True):
                kept.log(points.name, value, step, at)
        self.log = kept.log

    def log_scalar_metric(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log ``value`` for this moment.

        Args:
            metric_name: such as ``"train.loss"``.
            value: a number. Anything with ``.item()`` that holds one element becomes a Python number.
            step: any number; default is the metric's last step + 1, and 0 for the first.

        Raises:
            LogValueError: (a TypeError) if the value is no scalar and such values are refused.
        """
        if type(value) not in _NUMBERS:
            value = self._scalar(metric_name, value)
        if type(step) not in _STEPS:
            from hallow.running.scalars import plain_scalar

            step = plain_scalar(step)
        self.log(metric_name, value, step)

    @property
    def count(self) -> int:
        """How many points were logged."""
        return self._kept.count

    def read(self, start: int, stop: int) -> list[Points]:
        """The points from ``start`` to before ``stop``, by metric in order of first appearance."""
        return self._kept.read(start, stop)

    def forget(self, stop: int) -> None:
        """Points before ``stop`` have reached everybody: those that a full disk keeps in memory may go."""
        self._kept.forget(stop)

    def get_last_metrics(self) -> list[ScalarMetricLogEntry]:
        """What was logged since the last call, in order."""
        start, self._taken = self._taken, self._kept.count
        found = [
            (at, points.name, step, value)
            for points in self._kept.read(start, self._taken)
            for step, at, value in zip(points.steps, points.times, points.values, strict=True)
        ]
        found.sort(key=itemgetter(0))
        return [ScalarMetricLogEntry(name, step, naive_utc(at), value) for at, name, step, value in found]

    def continue_after(self, steps: dict[str, Any]) -> None:
        """Go on counting steps after the last ones of an earlier run."""
        numbers = {name: step + 1 for name, step in steps.items() if type(step) in _STEPS and step is not None}
        self._kept.next_steps.update(numbers)

    def _scalar(self, metric_name: str, value: Any) -> Any:
        """Foreign scalars as Python numbers; other values are refused, or kept, arrays as lists."""
        from hallow.running.scalars import check_scalar, plain_scalar

        if self._refuse:
            return check_scalar(metric_name, value)
        plain = plain_scalar(value)
        if type(plain) is list and type(value) is not list:
            self._warn_once(metric_name, value)
        return plain

    def _warn_once(self, metric_name: str, value: Any) -> None:
        known = metric_name in self._warned
        self._warned.add(metric_name)
        if self._logger is not None and not known:
            self._logger.warning(
                "The metric '%s' was given a %s with more than one element; it is stored as a list. "
                "Log one number per call to get a curve.",
                metric_name,
                type(value).__name__,
            )


def linearize_metrics(logged_metrics: Iterable[ScalarMetricLogEntry]) -> dict[str, dict[str, Any]]:
    """Group entries by name, in order of first appearance.

    Returns:
        ``{name: {"name": name, "steps": [...], "values": [...], "timestamps": [...]}}`` with parallel lists.
    """
    by_name: dict[str, dict[str, Any]] = {}
    for entry in logged_metrics:
        metric = by_name.get(entry.name)
        if metric is None:
            metric = by_name[entry.name] = {"steps": [], "values": [], "timestamps": [], "name": entry.name}
        metric["steps"].append(entry.step)
        metric["values"].append(entry.value)
        metric["timestamps"].append(entry.timestamp)
    return by_name
