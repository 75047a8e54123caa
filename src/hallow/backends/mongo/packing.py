"""Points as bytes.

The bytes are compressed with zlib. They begin with the length of a header, four bytes, the low one first. The header is
JSON, one list for each metric: name, number of points, kind of its steps, bytes of them, kind of its values, bytes of
them. Then come the columns of each metric in the same order: steps, values, times.

Of a column of kind ``i8`` (whole numbers of 64 bits) or ``f8`` (floats of 64 bits), as all times are, come the lowest
bytes of all numbers first, then the second lowest, and so on; in this order they compress well. A column of kind
``json`` is a JSON list.
"""

from __future__ import annotations

import json
import sys
import zlib
from array import array
from typing import TYPE_CHECKING, Any

from hallow.errors import RecordError
from hallow.records.encoding import flatten
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

__all__ = ["counted", "pack", "unpack"]

FORMAT = 1

_PLAIN = frozenset({float, int, bool, str, type(None)})
# Bytes that one batch may have; more is an attack.
_MOST = 1 << 30
_DAMAGE = (ValueError, TypeError, IndexError, OverflowError, RecursionError, zlib.error)


def pack(points: Iterable[Points]) -> bytes:
    """The bytes of points."""
    header, columns = [], []
    for some in points:
        (step_kind, steps), (value_kind, values) = _column(some.steps), _column(some.values)
        header.append([some.name, len(some), step_kind, len(steps), value_kind, len(values)])
        columns += [steps, values, _shuffled(array("d", map(float, some.times)))]
    text = json.dumps(header).encode()
    return zlib.compress(b"".join([len(text).to_bytes(4, "little"), text, *columns]), 1)


def unpack(data: bytes, wanted: Callable[[str], bool] | None = None, count: int | None = None) -> list[Points]:
    """The points in bytes.

    Args:
        data: from :func:`pack`.
        wanted: whether a metric is to be read, by its name; default is all.
        count: how many of all points are to be read, from the first on; default is all.

    Raises:
        RecordError: if the bytes are damaged.
    """
    try:
        raw = zlib.decompressobj().decompress(data, _MOST)
        return list(_points(raw, wanted, sys.maxsize if count is None else count))
    except _DAMAGE as error:
        raise RecordError(f"packed points cannot be read: {type(error).__name__}: {error}") from error


def counted(data: bytes, count: int) -> Iterator[tuple[str, int]]:
    """Name and number of points of each metric among the first ``count`` points; only the header is looked at.

    Raises:
        RecordError: if the bytes are damaged.
    """
    try:
        stream = zlib.decompressobj()
        raw = stream.decompress(data, 4)
        length = int.from_bytes(raw, "little")
        raw += stream.decompress(stream.unconsumed_tail, length)
        header = json.loads(raw[4 : 4 + length])
        for name, number, *_ in header:
            taken = min(number, count)
            count -= taken
            if taken > 0:
                yield str(name), taken
    except _DAMAGE as error:
        raise RecordError(f"packed points cannot be read: {type(error).__name__}: {error}") from error


def _points(raw: bytes, wanted: Callable[[str], bool] | None, left: int) -> Iterator[Points]:
    place = 4 + int.from_bytes(raw[:4], "little")
    for name, count, step_kind, step_size, value_kind, value_size in json.loads(raw[4:place]):
        sizes = (step_size, value_size, count * 8)
        taken, left = min(count, left), left - min(count, left)
        if taken > 0 and (wanted is None or wanted(name)):
            starts = (place, place + step_size, place + step_size + value_size)
            steps, values, times = (raw[start : start + size] for start, size in zip(starts, sizes, strict=True))
            cells = (_cells(step_kind, steps), _cells(value_kind, values), _cells("f8", times))
            if any(len(column) != count for column in cells):
                raise ValueError("columns of unequal length")
            yield Points(name, *(column[:taken] for column in cells))
        place += sum(sizes)


def _column(cells: list[Any]) -> tuple[str, bytes]:
    kinds = set(map(type, cells))
    if kinds == {float}:
        return "f8", _shuffled(array("d", cells))
    if kinds == {int}:
        try:
            return "i8", _shuffled(array("q", cells))
        except OverflowError:
            pass
    if not kinds <= _PLAIN:
        cells = [flatten(cell) for cell in cells]
    return "json", json.dumps(cells).encode()


def _shuffled(numbers: array[Any]) -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    raw = numbers.tobytes()
    return b"".join(raw[place::8] for place in range(8))


def _cells(kind: str, data: bytes) -> list[Any]:
    if kind == "json":
        found = json.loads(data)
        return found if isinstance(found, list) else []
    count = len(data) // 8
    raw = bytearray(count * 8)
    for place in range(8):
        raw[place::8] = data[place * count : (place + 1) * count]
    numbers = array({"i8": "q", "f8": "d"}[kind])
    numbers.frombytes(raw)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tolist()
