"""Points and lists of files as lines of JSON."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.errors import RecordError
from hallow.records.decoding import restore
from hallow.records.encoding import flatten
from hallow.records.jsonfile import load_json, strict_json
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = [
    "PLAIN",
    "cut_bytes",
    "cut_lines",
    "cut_points",
    "json_line",
    "points_in",
    "points_lines",
    "restored",
    "rows_in",
    "without_first",
]

#: Types of values that need no encoding.
PLAIN = frozenset({int, float, bool, type(None)})


def json_line(data: Any) -> bytes:
    """One line of strict JSON."""
    return strict_json(data).encode("ascii") + b"\n"


def points_lines(points: Iterable[Points]) -> bytes:
    """A line for each of them, in order."""
    return b"".join(map(_line, points))


def _line(points: Points) -> bytes:
    columns = {"steps": _flat(points.steps), "values": _flat(points.values), "times": list(points.times)}
    return json_line({"name": points.name, **columns})


def _flat(values: Any) -> list[Any]:
    return list(values) if PLAIN.issuperset(map(type, values)) else list(flatten(list(values)))


def points_in(content: bytes) -> Iterator[Points]:
    """The reverse of :func:`points_lines`.

    Raises:
        RecordError: for a line that is damaged.
    """
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        yield _checked(line, number)


def _checked(line: bytes, number: int) -> Points:
    try:
        return _points(line)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise RecordError(f"line {number} is damaged: {error}") from None


def _points(line: bytes) -> Points:
    if not line.endswith(b"\n"):
        raise ValueError("it is torn")
    found = load_json(line.decode("ascii"))
    steps, values, times = found["steps"], found["values"], found["times"]
    if not isinstance(found["name"], str) or not all(isinstance(column, list) for column in (steps, values, times)):
        raise ValueError("it is no line of metrics")
    if not len(steps) == len(values) == len(times) or not PLAIN.issuperset(map(type, times)):
        raise ValueError("its lists do not fit together")
    return Points(found["name"], restored(steps), restored(values), times)


def restored(values: list[Any]) -> list[Any]:
    """The steps or values that were stored as these."""
    return values if PLAIN.issuperset(map(type, values)) else list(restore(values))


def without_first(points: Iterable[Points], count: int) -> Iterator[Points]:
    """What comes after the first so many points."""
    for some in points:
        if count < len(some):
            yield some if count <= 0 else Points(some.name, some.steps[count:], some.values[count:], some.times[count:])
        count -= len(some)


def rows_in(content: bytes) -> Iterator[Any]:
    """The data of each line that is not damaged."""
    for line in content.splitlines():
        with suppress(ValueError, RecursionError):
            yield load_json(line.decode("ascii"))


# ------------------------------------------------------------------------------------- the first so many of a content


def cut_points(content: bytes, count: int) -> bytes:
    """The lines of the first so many points."""
    kept = []
    for some in points_in(content):
        if count <= 0:
            break
        kept.append(Points(some.name, some.steps[:count], some.values[:count], some.times[:count]))
        count -= len(some)
    return points_lines(kept)


def cut_lines(content: bytes, count: int) -> bytes:
    """The first so many lines."""
    return b"".join(content.splitlines(keepends=True)[:count])


def cut_bytes(content: bytes, count: int) -> bytes:
    """The first so many bytes."""
    return content[:count]
