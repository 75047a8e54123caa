"""Logged points: what the journal of a run gives and observers take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Points", "linearized"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive, as stored


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one metric, in the order in which they were logged.

    Attributes:
        name: of the metric.
        steps: usually counts from 0; one per point.
        values: usually numbers, NaN and infinities allowed; one per point.
        times: seconds since 1970 (UTC); one per point.
    """

    name: str
    steps: list[Any]
    values: list[Any]
    times: list[float]

    def __len__(self) -> int:
        return len(self.values)


def linearized(points: Iterable[Points]) -> dict[str, dict[str, Any]]:
    """Join points by name, in order of first appearance.

    Returns:
        ``{name: {"name": name, "steps": [...], "values": [...], "timestamps": [...]}}`` with parallel lists of
        their own; a timestamp is a naive datetime in UTC whose microsecond is never 0.
    """
    found: dict[str, dict[str, Any]] = {}
    for some in points:
        metric = found.get(some.name)
        if metric is None:
            metric = found[some.name] = {"steps": [], "values": [], "timestamps": [], "name": some.name}
        metric["steps"].extend(some.steps)
        metric["values"].extend(some.values)
        metric["timestamps"].extend(map(_naive_utc, some.times))
    return found


def _naive_utc(seconds: float) -> datetime:
    try:
        moment = _EPOCH + timedelta(0, seconds)
    except (ValueError, OverflowError):  # no time at all; the point counts nevertheless
        moment = _EPOCH
    # `isoformat` would leave the fraction out, and readers expect it.
    return moment if moment.microsecond else moment.replace(microsecond=1)
