"""Points from the bytes of records."""

from __future__ import annotations

import sys
from array import array
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from hallow.journal.layout import BOOL, CHECK_STEP, CHECK_ZERO, FLOAT, INT, OBJECT, RECORD_SIZE, check_of
from hallow.journal.rawfile import read_range, size_of
from hallow.records.points import Points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hallow.journal.lines import LineReader

__all__ = ["BATCH", "count_records", "decoded", "joined", "placeholder"]

#: Records that are decoded at a time.
BATCH = 1 << 16

_WORDS = RECORD_SIZE // 8
_KINDS = frozenset({FLOAT, INT, BOOL, OBJECT})


def decoded(data: bytes, first: int, name_of: Callable[[int], str], objects: LineReader) -> list[Points]:
    """The points in ``data``, grouped by name in order of first appearance.

    What is no record is left out: space never written, a torn end, garbage.

    Args:
        data: records.
        first: number of the first one.
        name_of: the name of a metric by its number in the records.
        objects: where values that are no numbers are.
    """
    table = _Table(data, first, objects)
    by_name: dict[str, list[int]] = {}
    for key in table.positions:
        by_name.setdefault(name_of(key & 0xFFFFFFFF), []).append(key)
    return [table.points(name, keys) for name, keys in by_name.items()]


class _Table:
    """Records as columns. A key is the number of a name and the two kinds: all that decoding depends on."""

    def __init__(self, data: bytes, first: int, objects: LineReader) -> None:
        words = array("Q")
        words.frombytes(data[: len(data) // RECORD_SIZE * RECORD_SIZE])
        if sys.byteorder == "big":
            words.byteswap()
        self._words = memoryview(words).cast("B")
        self._objects = objects
        self._columns: dict[tuple[str, int], list[Any]] = {}
        # The check is taken out: a key that does not fit its place has more than 48 bits.
        keys = [
            word ^ ((CHECK_ZERO + index * CHECK_STEP & 0xFFFF or 1) << 48)
            for index, word in enumerate(words[_WORDS - 1 :: _WORDS], first)
        ]
        #: Where the records of each valid key are; ``None`` means everywhere.
        self.positions: dict[int, list[int] | None] = {}
        distinct = dict.fromkeys(keys)
        valid = {key for key in distinct if _is_valid(key)}
        if len(distinct) == 1:
            self.positions = dict.fromkeys(valid)
            return
        found: dict[int, list[int]] = {key: [] for key in distinct if key in valid}
        if len(valid) == len(distinct):
            for position, key in enumerate(keys):
                found[key].append(position)
        else:
            for position, key in enumerate(keys):
                if key in valid:
                    found[key].append(position)
        self.positions.update(found)

    def points(self, name: str, keys: list[int]) -> Points:
        """The points of one name, which has those keys."""
        if len(keys) == 1:
            where = self.positions[keys[0]]
            value_kind, step_kind = _kinds(keys[0])
            return Points(
                name, self._cells(1, step_kind, where), self._cells(0, value_kind, where), self._cells(2, FLOAT, where)
            )
        rows: list[tuple[int, Any, Any, float]] = []
        for key in keys:
            where = self.positions[key] or []
            value_kind, step_kind = _kinds(key)
            cells = (self._cells(1, step_kind, where), self._cells(0, value_kind, where), self._cells(2, FLOAT, where))
            rows.extend(zip(where, *cells, strict=True))
        rows.sort(key=itemgetter(0))
        return Points(name, [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows])

    def _cells(self, column: int, kind: int, where: list[int] | None) -> list[Any]:
        cells = self._column("d" if kind == FLOAT else "q", column)
        # Each list is the caller's own.
        cells = list(cells) if where is None else [cells[position] for position in where]
        if kind == BOOL:
            return [cell != 0 for cell in cells]
        return list(map(self._objects.value_at, cells)) if kind == OBJECT else cells

    def _column(self, code: str, column: int) -> list[Any]:
        known = self._columns.get((code, column))
        if known is None:
            view: Any = self._words.cast(code)  # type: ignore[call-overload]
            known = self._columns[code, column] = view[column::_WORDS].tolist()
        return known


def _kinds(key: int) -> tuple[int, int]:
    return key >> 32 & 0xFF, key >> 40 & 0xFF


def _is_valid(key: int) -> bool:
    return key >> 48 == 0 and key & 0xFFFFFFFF != 0 and _KINDS.issuperset(_kinds(key))


def count_records(path: str) -> int:
    """The number of the last record in a file, counted from 1; what is behind it is space or a torn tail."""
    end = size_of(path) // RECORD_SIZE
    while end > 0:
        start = max(0, end - BATCH)
        data = read_range(path, start * RECORD_SIZE, (end - start) * RECORD_SIZE)
        # A multiple of the size again, so that a record that ends with zeros keeps them.
        filled = -(-len(data.rstrip(b"\0")) // RECORD_SIZE)
        for position in range(filled - 1, -1, -1):
            if _is_record(data[position * RECORD_SIZE : (position + 1) * RECORD_SIZE], start + position):
                return start + position + 1
        end = start
    return 0


def _is_record(data: bytes, index: int) -> bool:
    if len(data) < RECORD_SIZE:
        return False
    word = int.from_bytes(data[-8:], "little")
    return _is_valid(word ^ check_of(index) << 48)


def placeholder(number: int) -> str:
    """The name of a metric whose name is lost."""
    return f"unnamed.{number}"


def joined(batches: Iterable[list[Points]]) -> list[Points]:
    """Batches as one: each name once, in order of first appearance."""
    found: dict[str, Points] = {}
    for points in batches:
        for some in points:
            known = found.setdefault(some.name, some)
            if known is not some:
                known.steps.extend(some.steps)
                known.values.extend(some.values)
                known.times.extend(some.times)
    return list(found.values())
