"""The metrics of many runs as one long table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from hallow.records.optional import imported
from hallow.records.points import check_at_most

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hallow.records.points import Points

__all__ = ["MetricsTable", "RunPoints", "metrics_table", "several"]


@dataclass(frozen=True, slots=True)
class RunPoints:
    """The points of one run, as a back-end reads them.

    Attributes:
        run: its id.
        points: one for each metric, in order of first appearance; of all points, or of those chosen.
        problem: why they cannot be read, or an empty text.
    """

    run: str
    points: list[Points] = field(default_factory=list)
    problem: str = ""


@dataclass
class MetricsTable:
    """Points of metrics, one row each, in columns of equal length.

    Rows are ordered by run, then by metric in order of first appearance, then as they were logged.

    Attributes:
        run: id of the run, as the store has it (in file stores, the name of the folder).
        name: of the metric.
        step: usually counts from 0.
        time: seconds since 1970 (UTC).
        value: usually a float; NaN and infinities are among them if they were logged.
        problems: run id to the reason why its metrics cannot be read; such a run has no rows.
    """

    run: list[str] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    step: list[Any] = field(default_factory=list)
    time: list[float] = field(default_factory=list)
    value: list[Any] = field(default_factory=list)
    problems: dict[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.run)

    def __repr__(self) -> str:
        runs = f"{len(self.problems)} run{'' if len(self.problems) == 1 else 's'}"
        damaged = f", {runs} cannot be read" if self.problems else ""
        return f"<MetricsTable of {len(self)} point{'' if len(self) == 1 else 's'}{damaged}>"

    def rows(self) -> Iterator[tuple[str, str, Any, float, Any]]:
        """Each point as ``(run, name, step, time, value)``."""
        return zip(self.run, self.name, self.step, self.time, self.value, strict=True)

    def to_pandas(self) -> Any:
        """A DataFrame with the columns ``run``, ``name``, ``step``, ``time`` (as datetimes in UTC) and ``value``.

        Raises:
            MissingExtraError: (an ImportError) without pandas.
        """
        pd = imported("pandas", who="a DataFrame needs")
        columns = {"run": self.run, "name": self.name, "step": self.step, "value": self.value}
        frame = pd.DataFrame(columns)
        frame.insert(3, "time", pd.to_datetime(self.time, unit="s", utc=True))
        return frame

    def _add(self, run: str, points: Points) -> None:
        self.run.extend([run] * len(points))
        self.name.extend([points.name] * len(points))
        self.step.extend(points.steps)
        self.time.extend(points.times)
        self.value.extend(points.values)


def metrics_table(
    store: Any,
    runs: Any = None,
    names: str | Iterable[str] | None = None,
    at_most: int | None = None,
) -> MetricsTable:
    """The metrics of many runs, in one table.

    Args:
        store: URL or path of a store, or an opened one; see :func:`hallow.open_store`.
        runs: id of a run, or ids of several; default is all.
        names: of the metrics, or patterns such as ``"train.*"``; default is all.
        at_most: this many points of each metric of a run, chosen evenly, the first and the last among them.

    Raises:
        StoreError: if there is no such store.
        RunNotFoundError: if one of ``runs`` is not in it.
        UsageError: (a ValueError) if ``at_most`` is less than 2.
    """
    from hallow.stores.opening import opened

    check_at_most(at_most)
    chosen = None if runs is None else several(runs)
    table = MetricsTable()
    with opened(store) as reading:
        for found in reading.read_metrics(chosen, _wanted(names), at_most):
            if found.problem:
                table.problems[found.run] = found.problem
            for points in found.points:
                table._add(found.run, points)
    return table


def several(runs: Any) -> Iterable[Any]:
    """The ids in what may be one id, which is nothing to iterate over."""
    return runs if isinstance(runs, Iterable) and not isinstance(runs, str | bytes) else [runs]


def _wanted(names: str | Iterable[str] | None) -> Callable[[str], bool]:
    """Whether a metric is asked for, by its name."""
    if names is None:
        return lambda _: True
    patterns = [names] if isinstance(names, str) else list(names)
    known: dict[str, bool] = {}

    def wanted(name: str) -> bool:
        if name not in known:
            known[name] = any(name == pattern or fnmatchcase(name, pattern) for pattern in patterns)
        return known[name]

    return wanted
