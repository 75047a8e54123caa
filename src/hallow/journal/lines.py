"""Files of JSON lines that are referred to: names of metrics by number, objects by offset."""

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any

from hallow.journal.rawfile import UPDATING, read_range, size_of, write_all
from hallow.records.encoding import flatten, restore, untag_nonfinite
from hallow.records.jsonfile import strict_json

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LineReader", "Lines", "complete_size", "line_of", "line_of_flat", "names_in", "value_of"]

_MOST_HELD = 1 << 26  # bytes in memory while the disk is full
_CHUNK = 1 << 16


def line_of(value: Any) -> bytes:
    """One line of strict JSON, with its end, for a value of any kind."""
    return line_of_flat(flatten(value, _no_matter))


def line_of_flat(flat: Any) -> bytes:
    """One line of strict JSON, with its end, for what :func:`~hallow.records.encoding.flatten` gives."""
    return strict_json(flat).encode("ascii") + b"\n"


def _no_matter(path: str, problem: str) -> None:
    """The repr that stands in for the value says enough."""
    del path, problem


def value_of(line: bytes) -> Any:
    """The value of a line; ``None`` for a line that is torn or missing."""
    if not line.endswith(b"\n"):
        return None
    try:
        return restore(untag_nonfinite(json.loads(line)))
    except (ValueError, RecursionError):
        return None


def names_in(data: bytes) -> list[str | None]:
    """The names in the content of ``names.jsonl``; ``None`` for a broken line, a torn last line left out."""
    return [_name_of(line) for line in data.split(b"\n")[:-1]]


def _name_of(line: bytes) -> str | None:
    try:
        name = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def complete_size(path: str) -> int:
    """The size of a file without a torn last line."""
    end = size_of(path)
    while end > 0:
        start = max(0, end - _CHUNK)
        found = read_range(path, start, end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0


class Lines:
    """A file of lines of which the last ones may still be in memory.

    Where each line will be is known from the start, so what could not be written can be written later. One
    process at a time writes such a file; a torn line of an earlier one is written over.

    Args:
        path: ``None`` keeps all in memory.
    """

    def __init__(self, path: str | None) -> None:
        self.path = path
        self.size = complete_size(path) if path else 0
        self._pending: dict[int, bytes] = {}
        self._held = 0

    def add(self, line: bytes) -> int:
        """Take in a line; gives its offset. It is in memory until :meth:`flush`."""
        length = len(line)
        # Nothing is called in between: a signal handler that logs must not be given the same offset.
        offset = self.size
        self.size = offset + length
        self._pending[offset] = line
        self._held += length
        while self._held > _MOST_HELD and len(self._pending) > 1:
            self._held -= len(self._pending.pop(next(iter(self._pending))))
        return offset

    def flush(self) -> None:
        """Write what is in memory.

        Raises:
            OSError: if not all of it can be written; it stays in memory.
        """
        if not self._pending or self.path is None:
            return
        lines = dict(self._pending)
        file = os.open(self.path, UPDATING, 0o666)
        try:
            os.lseek(file, min(lines), os.SEEK_SET)
            write_all(file, b"".join(lines.values()))
            if os.fstat(file).st_size > self.size:
                os.ftruncate(file, self.size)
        finally:
            os.close(file)
        for offset in lines:
            self._pending.pop(offset, None)
        self._held = sum(map(len, self._pending.values()))

    @property
    def pending(self) -> Mapping[int, bytes]:
        """Lines that are in memory only, by offset; a copy."""
        return dict(self._pending)


class LineReader:
    """Lines at given offsets, from memory or from a file that is opened when it is needed.

    Args:
        path: of the file, or ``None``.
        pending: lines that are not in the file yet.
    """

    def __init__(self, path: str | None, pending: Mapping[int, bytes] | None = None) -> None:
        self._path = path
        self._pending = pending or {}
        self._file: IO[bytes] | None = None

    def value_at(self, offset: int) -> Any:
        """The value of the line at ``offset``; ``None`` if there is no whole line."""
        line = self._pending.get(offset)
        return value_of(self._read(offset) if line is None else line)

    def _read(self, offset: int) -> bytes:
        if self._path is None or offset < 0:
            return b""
        try:
            if self._file is None:
                self._file = open(self._path, "rb")  # noqa: SIM115 - closed by close()
            self._file.seek(offset)
            return self._file.readline()
        except (OSError, OverflowError):
            return b""

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
