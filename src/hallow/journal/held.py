"""Records that are kept in memory, while the disk is full or where there is no folder."""

from __future__ import annotations

from collections import deque
from itertools import chain, islice
from typing import TYPE_CHECKING

from hallow.journal.layout import RECORD_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["MOST_HELD", "HeldRecords"]

MOST_HELD = 1_000_000
_SMALL, _LARGE = 128, 2048  # records in the first window, and in each of the others


class HeldRecords:
    """Windows of records in memory, in order; the oldest go when there are too many."""

    def __init__(self) -> None:
        #: Records that were given up before anybody said that they are needed no more.
        self.dropped = 0
        self._windows: deque[tuple[int, bytearray]] = deque()

    def __bool__(self) -> bool:
        return bool(self._windows)

    @property
    def first(self) -> int:
        """The number of the oldest record; there must be a window."""
        return self._windows[0][0]

    def window(self, index: int) -> tuple[bytearray, int]:
        """Space for records from the number ``index`` on, and that number."""
        while self._windows and index - self.first >= MOST_HELD:
            self.dropped += self._drop(index)
        size = _LARGE if self._windows else _SMALL
        self._windows.append((index, bytearray(size * RECORD_SIZE)))
        return self._windows[-1][1], index

    def take_back(self) -> None:
        """The newest window was not needed."""
        self._windows.pop()

    def newest(self) -> tuple[bytearray, int]:
        """The newest window and the number of its first record; there must be one."""
        first, buffer = self._windows[-1]
        return buffer, first

    def forget(self, index: int) -> None:
        """Records before the number ``index`` are needed no more."""
        while len(self._windows) > 1 and self._windows[1][0] <= index:
            self._windows.popleft()

    def _drop(self, count: int) -> int:
        first, _ = self._windows.popleft()
        return (self._windows[0][0] if self._windows else count) - first

    def pieces(self, count: int) -> Iterator[tuple[int, memoryview]]:
        """All windows: the number of the first record, and the records.

        Args:
            count: of all records by now.
        """
        ends = chain((first for first, _ in islice(self._windows, 1, None)), (count,))
        for (first, buffer), end in zip(self._windows, ends, strict=False):
            yield first, memoryview(buffer)[: (end - first) * RECORD_SIZE]

    def pop(self) -> None:
        """The oldest window is stored."""
        self._windows.popleft()

    def clear(self) -> None:
        """Give up everything, uncounted."""
        self._windows.clear()
