"""Tables in the shapes that people have them, as columns and rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hallow.errors import LogValueError
from hallow.running.scalars import described

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["columns_and_rows"]

_SHAPES = "a list of dicts, a dict of columns, a list of rows with header=[...], or a data frame"


def columns_and_rows(name: str, table: Any, header: Sequence[Any] | None = None) -> tuple[list[str], list[list[Any]]]:
    """The names of the columns, and the rows, all of that length.

    Args:
        name: how errors call the table.
        table: a list of dicts (the columns are their keys in order of first appearance, missing values ``None``), a
            dict of columns, a list of rows or an array with ``header``, or a data frame (without its index).
        header: the names of the columns of a list of rows; otherwise those of the columns wanted, in that order.

    Raises:
        LogValueError: if it is none of these, or the columns or rows differ in length.
    """
    table = _opened(table)
    if isinstance(table, Mapping):
        columns, rows = _from_columns(name, table)
    elif isinstance(table, str | bytes) or not isinstance(table, Iterable):
        raise LogValueError(f"the table {name!r} must be {_SHAPES}, not {described(table)}")
    else:
        lines = [_opened(line) for line in table]
        if lines and all(isinstance(line, Mapping) for line in lines):
            columns, rows = _from_dicts(lines)
        else:
            return _from_rows(name, lines, header)
    return (columns, rows) if header is None else _chosen(name, columns, rows, header)


def _opened(value: Any) -> Any:
    """Data frames as dicts of columns or lists of dicts, arrays as lists."""
    try:
        if hasattr(value, "to_dicts"):
            return value.to_dicts()
        if hasattr(value, "to_dict") and hasattr(value, "columns"):
            return value.to_dict("list")
        return value.tolist() if hasattr(value, "tolist") else value
    except Exception:  # whatever a foreign type raises, the message is about the value that was given
        return value


def _from_columns(name: str, table: Mapping[Any, Any]) -> tuple[list[str], list[list[Any]]]:
    columns = {str(key): _column(name, key, values) for key, values in table.items()}
    if len(set(map(len, columns.values()))) > 1:
        lengths = ", ".join(f"{key} {len(values)}" for key, values in columns.items())
        raise LogValueError(f"the columns of the table {name!r} must have one length, but have: {lengths}")
    return list(columns), [list(row) for row in zip(*columns.values(), strict=True)]


def _column(name: str, key: Any, values: Any) -> list[Any]:
    opened = _opened(values)
    if isinstance(opened, str | bytes | Mapping) or not isinstance(opened, Iterable):
        raise LogValueError(
            f"the column {str(key)!r} of the table {name!r} must be a list of values, not {described(values)}; "
            f"give a single row as [{{...}}]"
        )
    return list(opened)


def _from_dicts(lines: list[Any]) -> tuple[list[str], list[list[Any]]]:
    keys = list(dict.fromkeys(key for line in lines for key in line))
    return [str(key) for key in keys], [[line.get(key) for key in keys] for line in lines]


def _from_rows(name: str, lines: list[Any], header: Sequence[Any] | None) -> tuple[list[str], list[list[Any]]]:
    for line in lines:
        if isinstance(line, str | bytes | Mapping) or not isinstance(line, Iterable):
            raise LogValueError(
                f"the rows of the table {name!r} must all be dicts or all be lists, not {described(line)}"
            )
    rows = [list(line) for line in lines]
    if header is None:
        if not rows:
            return [], []
        raise LogValueError(
            f"the table {name!r} was given rows without names; give the names of its {len(rows[0])} columns with "
            "header=[...]"
        )
    columns = _names(name, header)
    for number, row in enumerate(rows):
        if len(row) != len(columns):
            raise LogValueError(
                f"row {number} of the table {name!r} has {len(row)} values, but its header has {len(columns)} names"
            )
    return columns, rows


def _names(name: str, header: Any) -> list[str]:
    if isinstance(header, str | bytes) or not isinstance(header, Iterable):
        raise LogValueError(f"the header of the table {name!r} must be a list of names, not {described(header)}")
    return [str(key) for key in header]


def _chosen(name: str, columns: list[str], rows: list[list[Any]], header: Any) -> tuple[list[str], list[list[Any]]]:
    wanted = _names(name, header)
    missing = [key for key in wanted if key not in columns]
    if missing:
        raise LogValueError(f"the table {name!r} has no column {missing[0]!r}; its columns are {', '.join(columns)}")
    places = [columns.index(key) for key in wanted]
    return wanted, [[row[place] for place in places] for row in rows]
