"""Logged points: what the journal of a run gives and observers take."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hallow.errors import UsageError
from hallow.records.optional import imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Points", "check_at_most", "epoch", "joined", "linearized", "points_of", "with_fraction"]

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

    def thinned(self, at_most: int) -> Points:
        """At most this many of the points (2 or more), chosen evenly, the first and the last among them."""
        count = len(self)
        if count <= at_most:
            return self
        chosen = [number * (count - 1) // (at_most - 1) for number in range(at_most)]
        columns = ([column[index] for index in chosen] for column in (self.steps, self.values, self.times))
        return Points(self.name, *columns)

    def to_numpy(self) -> tuple[Any, Any, Any]:
        """Steps, values and times as arrays, the times as ``datetime64[us]`` in UTC.

        Raises:
            MissingExtraError: (an ImportError) without numpy.
        """
        np = imported("numpy", who="arrays need")
        times = (np.asarray(self.times, dtype=float) * 1e6).round().astype("datetime64[us]")
        return np.asarray(self.steps), np.asarray(self.values), times

    def to_pandas(self) -> Any:
        """A Series of the values, named after the metric, with the steps as index.

        Raises:
            MissingExtraError: (an ImportError) without pandas.
        """
        pd = imported("pandas", who="a Series needs")
        return pd.Series(self.values, index=pd.Index(self.steps, name="step"), name=self.name)


def check_at_most(at_most: int | None) -> None:
    """Refuse a number of points that leaves no room for the first and the last.

    Raises:
        UsageError: (a ValueError) if it is less than 2.
    """
    if at_most is not None and at_most < 2:
        raise UsageError(
            f"at_most={at_most}: the first and the last point are always there, so give at least 2", print_usage=False
        )


def joined(pieces: Iterable[Points]) -> dict[str, Points]:
    """The points of each metric in one piece, in order of first appearance; shares no list with the pieces."""
    found: dict[str, Points] = {}
    for some in pieces:
        metric = found.get(some.name)
        if metric is None:
            found[some.name] = Points(some.name, list(some.steps), list(some.values), list(some.times))
        else:
            metric.steps.extend(some.steps)
            metric.values.extend(some.values)
            metric.times.extend(some.times)
    return found


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


def points_of(metrics_by_name: Mapping[str, Mapping[str, Any]]) -> list[Points]:
    """What :func:`linearized` has joined, as points again; shares no list with it."""
    return [
        Points(name, list(metric["steps"]), list(metric["values"]), list(map(epoch, metric["timestamps"])))
        for name, metric in metrics_by_name.items()
    ]


def epoch(when: Any) -> float:
    """Seconds since 1970 of a naive time in UTC; a number stands for itself."""
    return (when - _EPOCH) / timedelta(seconds=1) if isinstance(when, datetime) else float(when)


def _naive_utc(seconds: float) -> datetime:
    try:
        moment = _EPOCH + timedelta(0, seconds)
    except (ValueError, OverflowError):  # no time at all; the point counts nevertheless
        moment = _EPOCH
    return with_fraction(moment)


def with_fraction(moment: datetime) -> datetime:
    """The time as stores keep it: of a full second, ``isoformat`` leaves the fraction out, which readers expect."""
    return moment if moment.microsecond else moment.replace(microsecond=1)
