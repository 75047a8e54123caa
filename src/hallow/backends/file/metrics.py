"""The metrics of one run: an append-only log, and the one file that readers of Sacred's stores expect.

Numbers that are not finite are bare ``NaN`` and ``Infinity`` in both, which is what those readers parse.
"""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import json
import os
from typing import IO, TYPE_CHECKING, Any

from hallow.backends.file.appending import append
from hallow.backends.file.layout import OWN
from hallow.records.encoding import flatten
from hallow.records.jsonfile import write_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["MetricsFiles"]

_KEYS = ("steps", "timestamps", "values")
_PLAIN = frozenset({int, float, bool, type(None)})
_SMALL = 1000  # points up to which the classic file is written at every beat
_GROWTH = 1.5  # beyond, it is written when there are so many times the points it holds


class MetricsFiles:
    """Stores points as they come; what a beat costs depends on what is new only.

    ``.hallow/metrics.jsonl`` has one line per metric and beat: ``{"name", "steps", "values", "timestamps"}``.
    ``metrics.json`` is made from it at the end, and before that at intervals that grow with it.

    Args:
        folder: the run's folder.
    """

    def __init__(self, folder: str) -> None:
        self._classic = os.path.join(folder, "metrics.json")
        self._log = os.path.join(folder, OWN, "metrics.jsonl")
        self._size = 0
        self._points = 0
        self._written = -1
        # For each metric and beat: where steps, timestamps, values are in the log, and whether they are
        # plain.
        self._parts: dict[str, list[tuple[tuple[int, int, bool], ...]]] = {}

    def append(self, metrics_by_name: Mapping[str, Mapping[str, Any]]) -> None:
        """Store new points, given as observers are given them.

        Raises:
            OSError: if they cannot be written; then none of them is stored.
        """
        chunks: list[bytes] = []
        found: list[tuple[str, tuple[tuple[int, int, bool], ...], int]] = []
        position = self._size
        for name, metric in metrics_by_name.items():
            line, parts = _line(name, metric, position)
            chunks.append(line)
            found.append((name, parts, len(metric["steps"])))
            position += len(line)
        if chunks:
            self._size = append(self._log, b"".join(chunks)) + sum(map(len, chunks))
        for name, parts, points in found:
            self._parts.setdefault(name, []).append(parts)
            self._points += points

    def refresh(self, final: bool = False) -> None:
        """Bring ``metrics.json`` up to date if it is time for that, in any case at the end."""
        if self._written == self._points and os.path.exists(self._classic):
            return
        if final or self._points <= _SMALL or self._points >= _GROWTH * self._written:
            self._write_classic()
            self._written = self._points

    def _write_classic(self) -> None:
        if not self._parts:
            write_json(self._classic, {}, strict=False)
            return
        folder, name = os.path.split(self._classic)
        temporary = os.path.join(folder, f".{name}.{os.getpid()}.tmp")
        with open(self._log, "rb") as log, open(temporary, "wb") as out:
            for number, metric in enumerate(sorted(self._parts)):
                out.write(b",\n  " if number else b"{\n  ")
                out.write(json.dumps(metric).encode() + b": {")
                for column, key in enumerate(_KEYS):
                    out.write(b",\n    " if column else b"\n    ")
                    self._write_column(out, log, metric, column, key)
                out.write(b"\n  }")
            out.write(b"\n}")
        os.replace(temporary, self._classic)

    def _write_column(self, out: IO[bytes], log: IO[bytes], metric: str, column: int, key: str) -> None:
        """One list, piece by piece, so that memory does not grow with the number of points."""
        opened = False
        for parts in self._parts[metric]:
            start, end, plain = parts[column]
            log.seek(start)
            items = _indented(log.read(end - start), plain)
            if items:
                out.write(b",\n      " if opened else f'"{key}": [\n      '.encode())
                out.write(items)
                opened = True
        out.write(b"\n    ]" if opened else f'"{key}": []'.encode())


def _line(name: str, metric: Mapping[str, Any], position: int) -> tuple[bytes, tuple[tuple[int, int, bool], ...]]:
    """The line of the log, and where its three lists will be in the file."""
    steps, plain_steps = _list(metric["steps"])
    values, plain_values = _list(metric["values"])
    timestamps = json.dumps(list(_times(metric["timestamps"]))).encode()
    line = b"".join((b'{"name": ', json.dumps(name).encode(), b', "steps": '))
    at_steps = position + len(line)
    line = b"".join((line, steps, b', "values": '))
    at_values = position + len(line)
    line = b"".join((line, values, b', "timestamps": '))
    at_times = position + len(line)
    parts = (
        (at_steps, at_steps + len(steps), plain_steps),
        (at_times, at_times + len(timestamps), True),
        (at_values, at_values + len(values), plain_values),
    )
    return b"".join((line, timestamps, b"}\n")), parts


def _list(values: Any) -> tuple[bytes, bool]:
    plain = _PLAIN.issuperset(map(type, values))
    flat = list(values) if plain else flatten(list(values))
    return json.dumps(flat).encode(), plain or _PLAIN.issuperset(map(type, flat))


def _times(timestamps: Any) -> Iterator[str]:
    return (time if isinstance(time, str) else time.isoformat() for time in timestamps)


def _indented(text: bytes, plain: bool) -> bytes:
    """The elements of a list, each on a line of its own."""
    if plain:
        return text[1:-1].replace(b", ", b",\n      ")
    shown = (json.dumps(item, sort_keys=True, indent=2) for item in json.loads(text))
    return ",\n".join(shown).replace("\n", "\n      ").encode()
