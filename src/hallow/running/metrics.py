"""Scalars logged by a run, from the call that logs one to the payload of ``log_metrics``."""

from __future__ import annotations

from threading import Lock
from time import time
from typing import TYPE_CHECKING, Any

from hallow.running.times import naive_utc

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable
    from datetime import datetime

_PLAIN = frozenset({bool, int, float, str, type(None)})


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
    """Collects values until the next heartbeat takes them.

    Args:
        logger: where a value that is no scalar is reported, once per metric.
    """

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger
        # Guards the points and the counters: a step is given out once, and in the order of the points.
        self._points_lock = Lock()
        self._points: list[tuple[str, Any, float, Any]] = []
        self._next_step: dict[str, Any] = {}
        self._warned: set[str] = set()

    def log_scalar_metric(self, metric_name: str, value: Any, step: Any = None) -> None:
        """Log ``value`` for this moment.

        Args:
            metric_name: such as ``"train.loss"``.
            value: a number. Anything with ``.item()`` that holds one element becomes a Python number; arrays
                become nested lists; other objects are kept as they are.
            step: any number; default is the metric's last step + 1, and 0 for the first.
        """
        if type(value) not in _PLAIN:
            value = self._plain(metric_name, value)
        if type(step) not in _PLAIN:
            step = self._plain(metric_name, step)
        with self._points_lock:
            if step is None:
                step = self._next_step.get(metric_name, 0)
            try:
                self._next_step[metric_name] = step + 1
            except TypeError:
                self._next_step.setdefault(metric_name, 0)
            self._points.append((metric_name, step, time(), value))

    def get_last_metrics(self) -> list[ScalarMetricLogEntry]:
        """What was logged since the last call, in order."""
        with self._points_lock:
            points, self._points = self._points, []
        return [ScalarMetricLogEntry(name, step, naive_utc(at), value) for name, step, at, value in points]

    def _plain(self, metric_name: str, value: Any) -> Any:
        """Foreign scalars as Python numbers, arrays as lists; a value that resists is kept."""
        numpy_view = getattr(value, "numpy", None)
        if not hasattr(value, "item") and callable(numpy_view):
            value = _attempt(numpy_view, value)
        if hasattr(value, "item"):
            scalar = _attempt(value.item, value)
            if scalar is not value:
                return scalar
        if not hasattr(value, "tolist"):
            return value
        self._warn_once(metric_name, value)
        return _attempt(value.tolist, value)

    def _warn_once(self, metric_name: str, value: Any) -> None:
        with self._points_lock:
            known = metric_name in self._warned
            self._warned.add(metric_name)
        if self._logger is not None and not known:
            self._logger.warning(
                "The metric '%s' was given a %s with more than one element; it is stored as a list. "
                "Log one number per call to get a curve.",
                metric_name,
                type(value).__name__,
            )


def _attempt(convert: Any, value: Any) -> Any:
    try:
        return convert()
    except Exception:  # whatever a foreign type raises, the point is kept
        return value


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


def joined_metrics(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Two payloads as one, for an observer that missed the first."""
    joined = {name: {**metric, **_appended(metric, second.get(name))} for name, metric in first.items()}
    return {**joined, **{name: metric for name, metric in second.items() if name not in first}}


def _appended(metric: dict[str, Any], more: dict[str, Any] | None) -> dict[str, Any]:
    keys = ("steps", "values", "timestamps") if more else ()
    return {key: [*metric[key], *more[key]] for key in keys} if more else {}
