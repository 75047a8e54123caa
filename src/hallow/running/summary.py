"""The few numbers about each metric that are kept with its run: for lists, sorting and comparisons."""

from __future__ import annotations

from math import fsum, isfinite
from typing import TYPE_CHECKING, Any

from hallow.records.encoding import flatten, tag_nonfinite, untag_nonfinite
from hallow.running.scalars import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hallow.records.points import Points

__all__ = ["MetricSummary", "mean_of"]


class MetricSummary:
    """Count, first and last step, last value, least, greatest and mean of each metric, kept up to date.

    One thread adds points; others may call :meth:`as_dict` meanwhile.
    """

    def __init__(self) -> None:
        self._by_name: dict[str, _Metric] = {}

    def add(self, points: Points) -> None:
        """Take in further points of one metric, in their order."""
        if not points.values:
            return
        metric = self._by_name.get(points.name)
        if metric is None:
            metric = self._by_name[points.name] = _Metric(points.steps[0])
        metric.add(points.steps, points.values)

    def as_dict(self) -> dict[str, dict[str, Any]]:
        """The summary as strict JSON data, the metrics in order of first appearance.

        Returns:
            ``{name: {"count", "first_step", "last_step", "last", "min", "max", "mean"}}``. Infinities and nan are
            counted as ``"nonfinite"``, values that are no numbers as ``"other"``; both keys are there only if there
            are any. ``min``, ``max`` and ``mean`` are those of the finite numbers, ``last`` is the last number
            (:func:`~hallow.records.encoding.tag_nonfinite`); ``None`` if there is none.
        """
        return {name: metric.as_dict() for name, metric in list(self._by_name.items())}

    @classmethod
    def restored(cls, summary: Mapping[str, Mapping[str, Any]]) -> MetricSummary:
        """The summary that goes on from what :meth:`as_dict` returned."""
        made = cls()
        made._by_name = {name: _Metric.restored(untag_nonfinite(dict(facts))) for name, facts in summary.items()}
        return made


class _Metric:
    """The summary of one metric."""

    __slots__ = ("count", "finite", "first_step", "greatest", "last", "last_step", "least", "mean", "nonfinite")

    def __init__(self, first_step: Any) -> None:
        self.count = 0
        self.finite = 0
        self.nonfinite = 0
        self.first_step = self.last_step = _json_step(first_step)
        self.last: Any = None
        self.least: Any = None
        self.greatest: Any = None
        self.mean: float | None = None

    def add(self, steps: Sequence[Any], values: Sequence[Any]) -> None:
        self.count += len(values)
        self.last_step = _json_step(steps[-1])
        try:
            total, least, greatest = fsum(values), min(values), max(values)
        except (TypeError, ValueError, OverflowError):  # no numbers, infinities of both signs, or too large a sum
            total = least = greatest = float("nan")
        # One nan or infinity among the values would have made the sum one.
        if isfinite(total):
            self.last = _plain(values[-1])
            self._take(len(values), _plain(least), _plain(greatest), total / len(values))
        else:
            self._add_mixed(values)

    def _add_mixed(self, values: Sequence[Any]) -> None:
        numbers = [value for value in values if is_number(value)]
        finite = [_plain(value) for value in numbers if _is_finite(value)]
        self.nonfinite += len(numbers) - len(finite)
        if numbers:
            self.last = _plain(numbers[-1])
        if finite:
            self._take(len(finite), min(finite), max(finite), mean_of(finite))

    def _take(self, count: int, least: Any, greatest: Any, mean: float) -> None:
        before, self.finite = self.finite, self.finite + count
        if before == 0:
            self.least, self.greatest, self.mean = least, greatest, mean
            return
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)
        # Weights instead of a sum, which could overflow; so could their rounding, next to the largest float.
        weighted = (self.mean or 0.0) * (before / self.finite) + mean * (count / self.finite)
        self.mean = float(min(max(weighted, self.least), self.greatest))

    def as_dict(self) -> dict[str, Any]:
        found = {
            "count": self.count,
            "first_step": self.first_step,
            "last_step": self.last_step,
            "last": tag_nonfinite(self.last),
            "min": self.least,
            "max": self.greatest,
            "mean": self.mean,
        }
        strange = {"nonfinite": self.nonfinite, "other": self.count - self.finite - self.nonfinite}
        return {**found, **{key: number for key, number in strange.items() if number}}

    @classmethod
    def restored(cls, facts: Mapping[str, Any]) -> _Metric:
        made = cls(None)
        # As JSON data already; only nan among them was made a float again.
        made.first_step, made.last_step = (tag_nonfinite(facts.get(key)) for key in ("first_step", "last_step"))
        made.count = facts["count"]
        made.nonfinite = facts.get("nonfinite", 0)
        made.finite = made.count - made.nonfinite - facts.get("other", 0)
        made.last, made.least, made.greatest = facts.get("last"), facts.get("min"), facts.get("max")
        made.mean = facts.get("mean")
        return made


def mean_of(values: Sequence[float]) -> float:
    """The mean of finite floats, also of those whose sum is too large for a float."""
    try:
        return fsum(values) / len(values)
    except OverflowError:
        # Halved often enough; rounding must not lead beyond the values, where infinity may be next.
        scale = 2.0 ** len(values).bit_length()
        mean = fsum(value / scale for value in values) / len(values) * scale
        return min(max(mean, min(values)), max(values))


def _is_finite(value: Any) -> bool:
    try:
        return isfinite(value)
    except (TypeError, OverflowError, ValueError):  # an int beyond all floats; a signalling nan
        return False


def _plain(number: Any) -> Any:
    """A number as JSON has it."""
    kind = type(number)
    if kind is float or kind is int:
        return number
    try:
        return int(number) if isinstance(number, int) else float(number)
    except (OverflowError, ValueError):
        return None


def _json_step(step: Any) -> Any:
    return step if type(step) is int else tag_nonfinite(flatten(step, _ignore))


def _ignore(path: str, problem: str) -> None:
    """Odd steps are reported where the points are stored."""
