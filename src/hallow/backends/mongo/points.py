"""The points of runs, in batches; see :mod:`hallow.backends.mongo.layout`."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.driver import insert_new
from hallow.backends.mongo.layout import PART
from hallow.backends.mongo.packing import FORMAT, counted, pack, unpack
from hallow.errors import RecordError
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hallow.backends.mongo.database import Database

__all__ = ["PointsLog", "count_points", "has_points", "numbers_by_name", "read_points"]

#: Points that are packed together at most; a run's delivery sends far fewer at a time.
_MOST = 1 << 18


class PointsLog:
    """Writes the points of one run.

    Args:
        database: the store.
        run_id: of the run.
        is_new: whether the run has no points yet.
    """

    def __init__(self, database: Database, run_id: Any, is_new: bool) -> None:
        self._database = database
        self._run_id = run_id
        # How many points are stored; None as long as that is not certain.
        self._end: int | None = 0 if is_new else None
        # Whether something was removed since the last writing that succeeded.
        self._removed = False

    def write(self, first: int, points: list[Points]) -> bool:
        """Replace everything from number ``first`` on; whether there was something.

        Either all points of a call are stored or none, unless they are more than 2^18.
        """
        is_end, self._end = self._end == first, None
        if not is_end:
            self._remove(first)
        number = first
        for some in _portions(points):
            number += self._add(number, some)
        self._end = number
        removed, self._removed = self._removed, False
        return removed

    def _remove(self, first: int) -> None:
        chosen = {"run_id": self._run_id, "first": {"$gte": first}}
        before, self._removed = self._removed, True  # also if the answer is lost
        self._removed = self._database.points.delete_many(chosen).deleted_count > 0 or before

    def _add(self, first: int, points: list[Points]) -> int:
        data = pack(points)
        pieces = [data[start : start + PART] for start in range(0, len(data), PART)]
        common = {"run_id": self._run_id, "first": first, "parts": len(pieces), "count": sum(map(len, points))}
        documents = [
            {
                "_id": {"run": self._run_id, "first": first, "part": part},
                **common,
                "part": part,
                "format": FORMAT,
                "data": piece,
            }
            for part, piece in enumerate(pieces)
        ]
        insert_new(self._database.points, documents, lambda: self._remove(first))
        return int(common["count"])


def _portions(points: list[Points]) -> Iterator[list[Points]]:
    """The points in pieces of a size that can be packed, none of them empty."""
    kept: list[Points] = []
    room = _MOST
    for some in points:
        start = 0
        while start < len(some):
            taken = some if len(some) <= room and not start else _part(some, start, start + room)
            kept.append(taken)
            start, room = start + len(taken), room - len(taken)
            if room == 0:
                yield kept
                kept, room = [], _MOST
    if kept:
        yield kept


def _part(points: Points, start: int, stop: int) -> Points:
    chosen = slice(start, stop)
    return Points(points.name, points.steps[chosen], points.values[chosen], points.times[chosen])


# ----------------------------------------------------------------------------------------------------- reading


def read_points(database: Database, run_id: Any, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
    """The points of a run as they were logged.

    Raises:
        RecordError: if they are damaged.
    """
    for count, data in _batches(database, run_id):
        yield from unpack(data, wanted, count)


def numbers_by_name(database: Database, run_id: Any) -> dict[str, int]:
    """How many points each metric of a run has, in order of first appearance.

    Raises:
        RecordError: if they are damaged.
    """
    found: dict[str, int] = {}
    for count, data in _batches(database, run_id):
        for name, number in counted(data, count):
            found[name] = found.get(name, 0) + number
    return found


def has_points(database: Database, run_id: Any) -> bool:
    """Whether points of a run are stored."""
    return any(True for _ in _batches(database, run_id, with_data=False))


def count_points(database: Database, run_id: Any) -> int:
    """How many points of a run are stored; they themselves are not read."""
    return sum(count for count, _ in _batches(database, run_id, with_data=False))


def _batches(database: Database, run_id: Any, with_data: bool = True) -> Iterator[tuple[int, bytes]]:
    """The batches that count, one after the other: how many points of it count, and all its bytes."""
    end = 0
    before: tuple[int, int, bytes] | None = None
    for batch in _whole(_documents(database, run_id, with_data)):
        if before is not None:
            yield min(before[1], batch[0] - before[0]), before[2]
        if batch[0] > end:
            return
        before, end = batch, batch[0] + batch[1]
    if before is not None:
        yield before[1:]


def _documents(database: Database, run_id: Any, with_data: bool) -> Iterator[dict[str, Any]]:
    left_out = {"_id": 0} if with_data else {"_id": 0, "data": 0}
    chosen = {"run_id": run_id}
    yield from database.points.find(chosen, left_out).sort([("first", 1), ("part", 1)])


def _whole(documents: Iterable[dict[str, Any]]) -> Iterator[tuple[int, int, bytes]]:
    """The batches of which all parts are there: number of the first point, count, bytes."""
    for first, parts in groupby(documents, key=lambda one: one.get("first")):
        some = list(parts)
        count, number, form = (some[0].get(key) for key in ("count", "parts", "format"))
        if not (
            isinstance(form, int) and isinstance(first, int) and isinstance(count, int) and isinstance(number, int)
        ):
            raise RecordError("a batch of points does not say what it holds")
        if form != FORMAT:
            raise RecordError(f"points in a form that this version does not know ({form}); upgrade hallow")
        if [one.get("part") for one in some] == list(range(min(number, len(some) + 1))):
            yield first, count, b"".join(_bytes(one.get("data", b"")) for one in some)


def _bytes(data: Any) -> bytes:
    if not isinstance(data, bytes):
        raise RecordError(f"a batch of points holds a {type(data).__name__} instead of bytes")
    return data
