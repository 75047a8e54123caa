"""Points of metrics as rows."""

from __future__ import annotations

import json
import math
from contextlib import contextmanager
from itertools import repeat
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DBAPIError

from hallow.backends.sql.layout import hallow_metric, hallow_point, plain, raw
from hallow.errors import RecordError
from hallow.records.encoding import flatten
from hallow.records.jsonfile import load_json, strict_json
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection

__all__ = ["metric_names", "read_page", "write_points"]

#: Points that are read at a time.
PAGE = 1 << 12

_FLOAT_STEP, _INT_VALUE = 1, 2
_LARGEST = 1 << 53  # up to here, a double is every integer
# From this many rows on, PostgreSQL is given them by COPY.
_MANY = 500
_COLUMNS = tuple(column.name for column in hallow_point.c)
_POINT, _METRIC = raw(hallow_point), raw(hallow_metric)

# ------------------------------------------------------------------------------------------------------- writing


def write_points(
    connection: Connection, run: int, first: int, points: list[Points], numbers: Mapping[str, int], is_end: bool = False
) -> dict[str, int]:
    """Replace all points from number ``first`` on; gives the numbers of all metrics.

    Args:
        connection: in a transaction.
        run: ``run.id``.
        first: number of the first of the points.
        points: to be stored.
        numbers: of the metrics that are stored already.
        is_end: whether it is known that there are no points from ``first`` on.
    """
    known = dict(numbers)
    for some in points:
        known.setdefault(some.name, len(known))
    new = {name: number for name, number in known.items() if name not in numbers}
    if new:
        _add_metrics(connection, run, new, is_end)
    if not is_end:
        connection.execute(delete(hallow_point).where(hallow_point.c.run == run, hallow_point.c.number >= first))
    rows: list[Any] = []
    for some in points:
        start = first + len(rows)
        rows.extend(zip(repeat(run), range(start, start + len(some)), repeat(known[some.name]), *_columns(some)))
    if rows:
        _insert(connection, rows)
    return known


def _add_metrics(connection: Connection, run: int, new: Mapping[str, int], is_end: bool) -> None:
    if not is_end:  # they may be there already, if only the answer was lost
        old = hallow_metric.c.number.in_(list(new.values()))
        connection.execute(delete(hallow_metric).where(hallow_metric.c.run == run, old))
    rows = [{"run": run, "number": number, "name": _stored_name(name)} for name, number in new.items()]
    connection.execute(insert(hallow_metric), rows)


def _stored_name(name: str) -> str:
    """The name itself; in JSON if databases do not take it as it is."""
    return name if plain(name) == name and not name.startswith('"') else strict_json(name)


def _columns(some: Points) -> tuple[Iterable[Any], Iterable[Any], Iterable[Any], Iterable[Any], Iterable[Any]]:
    """Steps, values, times, kinds and exact texts."""
    step, value = _common_type(some.steps), _common_type(some.values)
    if step is not None and value is not None:
        kind = (_FLOAT_STEP if step is float else 0) + (_INT_VALUE if value is int else 0)
        return some.steps, some.values, some.times, repeat(kind), repeat(None)
    rows = list(map(_point, some.steps, some.values))
    steps, values, kinds, exact = zip(*rows, strict=True) if rows else ((), (), (), ())
    return steps, values, some.times, kinds, exact


def _common_type(items: Sequence[Any]) -> type | None:
    """The type of all items, if they are doubles or integers that doubles can be."""
    kinds = set(map(type, items))
    if kinds == {float}:
        return float if all(map(math.isfinite, items)) else None
    if kinds == {int}:
        return int if min(items) >= -_LARGEST and max(items) <= _LARGEST else None
    return None


def _point(step: Any, value: Any) -> tuple[Any, Any, int, str | None]:
    step, value = flatten(step, path="step"), flatten(value, path="value")
    kinds = _common_type([step]), _common_type([value])
    kind = (_FLOAT_STEP if kinds[0] is float else 0) + (_INT_VALUE if kinds[1] is int else 0)
    exact = strict_json([step, value]) if None in kinds else None
    return (None if kinds[0] is None else step), (None if kinds[1] is None else value), kind, exact


def _insert(connection: Connection, rows: list[Any]) -> None:
    # Not by way of SQLAlchemy's own parameters, which would take four times as long.
    driver = connection.dialect.driver
    if driver == "pysqlite":
        marks = ", ".join("?" * len(_COLUMNS))
        connection.exec_driver_sql(f"INSERT INTO {hallow_point.name} VALUES ({marks})", rows)  # noqa: S608
    elif driver == "psycopg" and len(rows) >= _MANY:
        with _errors_of_sqlalchemy(connection) as cursor, cursor.copy(f"COPY {hallow_point.name} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        connection.execute(insert(hallow_point), [dict(zip(_COLUMNS, row, strict=True)) for row in rows])


@contextmanager
def _errors_of_sqlalchemy(connection: Connection) -> Iterator[Any]:
    """A cursor of the driver, whose errors are those that SQLAlchemy would have made of them."""
    dialect, driven = connection.dialect, cast(Any, connection.connection.dbapi_connection)
    assert dialect.dbapi is not None
    try:
        with driven.cursor() as cursor:
            yield cursor
    except dialect.dbapi.Error as error:
        is_lost = dialect.is_disconnect(error, connection.connection, None)
        if is_lost:
            connection.invalidate(error)
        raise DBAPIError.instance(
            None, None, error, dialect.dbapi.Error, connection_invalidated=is_lost, dialect=dialect
        ) from error


# ------------------------------------------------------------------------------------------------------- reading


def metric_names(connection: Connection, run: int) -> dict[int, str]:
    """The names of the metrics of a run by their numbers."""
    wanted = select(_METRIC.c.number, _METRIC.c.name).where(_METRIC.c.run == run).order_by(_METRIC.c.number)
    return {number: _name_of(name) for number, name in connection.execute(wanted)}


def _name_of(stored: Any) -> str:
    try:
        return str(json.loads(stored)) if str(stored).startswith('"') else str(stored)
    except (ValueError, RecursionError):
        return str(stored)


def read_page(
    connection: Connection, run: int, after: int, names: Mapping[int, str], wanted: Callable[[str], bool] | None
) -> tuple[list[Points], int | None]:
    """The points behind number ``after``, as many as are read at a time.

    Returns:
        the points, and the number of the last of them, ``None`` if there are no more behind it.

    Raises:
        RecordError: if they make no sense.
    """
    columns = [_POINT.c[name] for name in ("number", "metric", "step", "value", "time", "kind", "exact")]
    query = select(*columns).where(_POINT.c.run == run, _POINT.c.number > after)
    if wanted is not None:
        query = query.where(_POINT.c.metric.in_([number for number, name in names.items() if wanted(name)]))
    rows = connection.execute(query.order_by(_POINT.c.number).limit(PAGE)).all()
    by_metric: dict[int, list[Any]] = {}
    for row in rows:
        by_metric.setdefault(row[1], []).append(row)
    try:
        found = [_decoded(names.get(metric, f"metric {metric}"), some) for metric, some in by_metric.items()]
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        raise RecordError(f"points of metrics make no sense: {error}") from error
    return found, rows[-1][0] if len(rows) == PAGE else None


def _decoded(name: str, rows: list[Any]) -> Points:
    _, _, steps, values, times, kinds, exact = map(list, zip(*rows, strict=True))
    if any(kinds) or any(exact):
        pairs = list(map(_pair, steps, values, kinds, exact))
        steps, values = [step for step, _ in pairs], [value for _, value in pairs]
    else:  # as nearly always
        steps, values = list(map(int, steps)), list(map(float, values))
    return Points(name, steps, values, list(map(float, times)))


def _pair(step: Any, value: Any, kind: int, exact: str | None) -> tuple[Any, Any]:
    if exact is not None:
        first, second = load_json(exact)
        return first, second
    return (step if kind & _FLOAT_STEP else int(step)), (int(value) if kind & _INT_VALUE else float(value))
