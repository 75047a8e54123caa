"""The metric documents that Sacred's own tools read: one of bounded size for each metric of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.layout import CAPACITY, LONGEST_TEXT
from hallow.backends.mongo.points import numbers_by_name, read_points
from hallow.records.points import Points, joined, linearized

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pymongo.collection import Collection

    from hallow.backends.mongo.database import Database

__all__ = ["Curves"]

_Columns = dict[str, list[Any]]


class Curves:
    """Keeps the metric documents of one run.

    A document with ``n`` points has every ``k``-th of them, ``k`` being the least power of two with which they are no
    more than :data:`CAPACITY`, and the last. So what it should hold is known from ``n`` alone.

    Args:
        database: the store.
        run_id: of the run.
        is_new: whether the run has no points yet.
        ids: what is known of the documents: their ids by name.
    """

    def __init__(self, database: Database, run_id: Any, is_new: bool, ids: dict[str, Any]) -> None:
        assert database.metrics is not None
        self._database = database
        self._metrics: Collection[dict[str, Any]] = database.metrics
        self._run_id = run_id
        self._is_known = is_new
        self._ids = ids
        self._curves: dict[str, _Curve] = {}
        # The number of the point that comes next.
        self._next = 0

    def links(self) -> list[dict[str, str]]:
        """What ``info["metrics"]`` has to say."""
        if self._is_known:
            return [{"name": name, "id": str(curve.id)} for name, curve in self._curves.items() if curve.count]
        return [{"name": name, "id": str(known)} for name, known in self._ids.items()]

    def add(self, first: int, points: Iterable[Points], replaced: bool) -> None:
        """Add points that the log has already, from number ``first`` on; ``replaced``: others were there before."""
        new = joined(points)
        if not self._is_known or first != self._next:
            self._recall(new, replaced)
            self._next = first
        touched = [(self._curve(name), some) for name, some in new.items()]
        updates = [update for curve, some in touched for update in self._updates(curve, some)]
        for curve, _ in touched:
            curve.is_sure = False
        if updates:
            self._metrics.bulk_write(updates)
        for curve, some in touched:
            curve.count += len(some)
            curve.is_sure, curve.is_damaged = True, False
            self._next += len(some)

    def heal(self) -> None:
        """Write the documents anew that are not what the log says: whoever wrote them last was killed meanwhile."""
        if not self._is_known:
            self._recall({}, replaced=False)
            self._next = sum(curve.count for curve in self._curves.values())
        damaged = [curve for curve in self._curves.values() if curve.is_damaged]
        if damaged:
            self._metrics.bulk_write(
                [self._whole(curve, self._from_the_log(curve.name, curve.count)) for curve in damaged]
            )
        for curve in damaged:
            curve.is_sure, curve.is_damaged = True, False

    def _curve(self, name: str) -> _Curve:
        curve = self._curves.get(name)
        if curve is None:
            curve = self._curves[name] = _Curve(name, self._ids.get(name))
        return curve

    def _recall(self, new: dict[str, Points], replaced: bool) -> None:
        """Find out how the documents are; the log has the ``new`` points already, perhaps in place of others."""
        self._ids.update((name, curve.id) for name, curve in self._curves.items())
        self._curves.clear()
        sizes = self._sizes()
        for name, count in numbers_by_name(self._database, self._run_id).items():
            known = sizes.get(name)
            curve = self._curves[name] = _Curve(name, self._ids.get(name) if known is None else known[0])
            curve.count = count - (len(new[name]) if name in new else 0)
            curve.is_damaged = curve.count > 0 and (replaced or known is None or known[1] != curve.size)
        self._is_known = True

    def _sizes(self) -> dict[str, tuple[Any, int]]:
        """Id and number of points of each document."""
        chosen: dict[str, Any] = {"run_id": self._run_id}
        if self._database.names.shares_metrics:
            chosen = {"_id": {"$in": list(self._ids.values())}}
        # What is no array, in a damaged document, has a size that nothing has.
        size = {"$cond": [{"$isArray": "$values"}, {"$size": "$values"}, -1]}
        found = self._metrics.aggregate([{"$match": chosen}, {"$project": {"name": 1, "size": size}}])
        sizes = {}
        for one in found:
            name = one.get("name")
            if isinstance(name, str) and self._ids.get(name, one["_id"]) == one["_id"]:
                sizes[name] = (one["_id"], one["size"])
        return sizes

    # ------------------------------------------------------------------------------------------------ updates

    def _updates(self, curve: _Curve, new: Points) -> list[Any]:
        count = curve.count + len(new)
        every = _stride(count)
        further = _columns(_chosen(new, curve.count, count))
        if curve.count == 0:  # and whatever was there is replaced
            return [self._whole(curve, further)]
        if curve.is_damaged or (every != curve.every and not curve.is_sure):
            return [self._whole(curve, self._from_the_log(curve.name, count))]
        if every != curve.every:
            return [self._whole(curve, self._thinned(curve, further, count))]
        return self._appending(curve, further)

    def _whole(self, curve: _Curve, columns: _Columns) -> Any:
        from pymongo import UpdateOne

        document = {"run_id": self._run_id, "name": curve.name, **columns}
        return UpdateOne({"_id": curve.id}, {"$set": document}, upsert=True)

    def _appending(self, curve: _Curve, further: _Columns) -> list[Any]:
        """Updates that change nothing if they are sent again."""
        from pymongo import UpdateOne

        pushed = {column: {"$each": cells} for column, cells in further.items()}
        add = UpdateOne({"_id": curve.id, "values": {"$size": curve.regular}}, {"$push": pushed})
        if curve.is_sure and curve.size == curve.regular:
            return [add]
        cut = {column: {"$each": [], "$slice": curve.regular} for column in further}
        return [UpdateOne({"_id": curve.id}, {"$push": cut}), add]

    def _thinned(self, curve: _Curve, further: _Columns, count: int) -> _Columns:
        """What is there, with fewer points; in place of a document that is not as it should be, what it should be."""
        stored = self._metrics.find_one({"_id": curve.id}) or {}
        cells: dict[str, Any] = {column: stored.get(column) for column in further}
        if any(not isinstance(some, list) or len(some) != curve.size for some in cells.values()):
            return self._from_the_log(curve.name, count)
        step = _stride(count) // curve.every
        return {column: cells[column][: curve.regular : step] + new for column, new in further.items()}

    def _from_the_log(self, name: str, count: int) -> _Columns:
        found: _Columns = {"steps": [], "values": [], "timestamps": []}
        position = 0
        for points in read_points(self._database, self._run_id, lambda other: other == name):
            for column, cells in _columns(_chosen(points, position, count)).items():
                found[column] += cells
            position += len(points)
        return found


class _Curve:
    """One metric document.

    Attributes:
        id: its ``_id``.
        count: how many points of the metric it stands for.
        is_sure: whether it is certain that it holds what it should.
        is_damaged: whether it is certain that it does not.
    """

    __slots__ = ("count", "id", "is_damaged", "is_sure", "name")

    def __init__(self, name: str, known: Any = None) -> None:
        from bson import ObjectId

        self.name = name
        self.id = ObjectId() if known is None else known
        self.count = 0
        self.is_sure, self.is_damaged = True, False

    @property
    def every(self) -> int:
        """Of how many points it has one."""
        return _stride(self.count)

    @property
    def regular(self) -> int:
        """How many points it has, without a last one that is there only because it is the last."""
        return -(-self.count // self.every)

    @property
    def size(self) -> int:
        """How many points it has."""
        return self.regular + bool((self.count - 1) % self.every)


def _stride(count: int) -> int:
    every = 1
    while -(-count // every) > CAPACITY:
        every *= 2
    return every


def _chosen(points: Points, first: int, count: int) -> Points:
    """Those of the points, which begin with number ``first``, that a document of ``count`` points has."""
    every, stop = _stride(count), first + len(points)
    numbers = list(range(first + -first % every, stop, every))
    if stop == count and (count - 1) % every:
        numbers.append(count - 1)
    if len(numbers) == len(points):
        return points
    columns = ([cells[number - first] for number in numbers] for cells in (points.steps, points.values, points.times))
    return Points(points.name, *columns)


def _columns(points: Points) -> _Columns:
    """As they are presented: only numbers, and short texts; the log has what they stand for."""
    columns = linearized([points])[points.name]
    return {
        "steps": [step if _is_number(step) else _number(step, place) for place, step in enumerate(columns["steps"])],
        "values": [value if _is_number(value) else _short(value) for value in columns["values"]],
        "timestamps": columns["timestamps"],
    }


def _is_number(value: Any) -> bool:
    kind = type(value)
    return kind is float or kind is bool or value is None or (kind is int and -(1 << 63) <= value < 1 << 63)


def _number(value: Any, otherwise: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return otherwise


def _short(value: Any) -> Any:
    """A value that is no number of BSON."""
    if not isinstance(value, str):
        number = _number(value, None)
        if number is not None:
            return number
        value = json.dumps(value, default=repr)
    data = value.encode("utf-8", "backslashreplace")
    return data[:LONGEST_TEXT].decode("utf-8", "ignore")
