"""Logged points of one run, in a file that only grows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.tinydb.layout import from_json, to_json
from hallow.errors import RecordError
from hallow.records.appending import append, replace_tail
from hallow.records.decoding import restore
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PointsFile"]


class PointsFile:
    """The points of one run; see :mod:`hallow.backends.tinydb.layout`.

    Args:
        path: of the file; it is made when the first points come.
        count: how many points are known to be in it; by default it is looked up when it is to be known.
    """

    def __init__(self, path: str, count: int | None = None) -> None:
        self.path = path
        self._count = count

    def write(self, first: int, points: list[Points]) -> None:
        """Store points from number ``first`` on, in place of all that are there from that number on.

        Raises:
            OSError: if that is not possible; what was there before is there still.
        """
        if first != self._count:
            self._cut(first)
        batch = [[some.name, some.steps, some.values, some.times] for some in points]
        append(self.path, to_json({"first": first, "points": batch}).encode("ascii") + b"\n")
        self._count = first + sum(map(len, points))

    def _cut(self, first: int) -> None:
        """Remove all points from number ``first`` on, and a line that a kill has cut off."""
        end, kept = 0, b""
        for number, points, stop in self._batches():
            if number + sum(map(len, points)) > first:
                kept = _beginning(number, points, first - number)
                break
            end = stop
        replace_tail(self.path, end, kept)

    def read(self) -> Iterator[Points]:
        """All points, batch by batch; a line that was cut off at the end is none.

        Raises:
            RecordError: if a line makes no sense, or points are missing.
        """
        for _, points, _ in self._batches():
            yield from points

    def _batches(self) -> Iterator[tuple[int, list[Points], int]]:
        """Number of the first point, points, and where in the file they end."""
        end = count = 0
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed below
        except FileNotFoundError:
            return
        with file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                first, points = _parsed(line, self.path)
                if first != count:
                    raise RecordError(f"{self.path!r} has point {first} after point {count - 1}")
                end += len(line)
                count += sum(map(len, points))
                yield first, points, end


def _parsed(line: bytes, path: str) -> tuple[int, list[Points]]:
    try:
        batch = from_json(line)
        with_tags = b'"py/' in line
        return int(batch["first"]), [_points(entry, with_tags) for entry in batch["points"]]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise RecordError(f"{path!r} has a line that is no batch of points: {type(error).__name__}: {error}") from error


def _points(entry: Any, with_tags: bool) -> Points:
    name, steps, values, times = entry
    if not isinstance(name, str) or not len(steps) == len(values) == len(times):
        raise ValueError("steps, values and times differ in number")
    if with_tags:
        steps, values = restore(steps), restore(values)
    return Points(name, list(steps), list(values), [float(time) for time in times])


def _beginning(first: int, points: list[Points], count: int) -> bytes:
    """The line of the first so many points of a batch."""
    kept = []
    for some in points:
        size = min(len(some), count)
        if size > 0:
            kept.append([some.name, some.steps[:size], some.values[:size], some.times[:size]])
        count -= size
    return to_json({"first": first, "points": kept}).encode("ascii") + b"\n" if kept else b""
