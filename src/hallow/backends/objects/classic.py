"""``cout.txt`` and ``metrics.json``, which readers of Sacred's stores expect, made from the pieces of a run."""

from __future__ import annotations

import json
import os
from array import array
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile, TemporaryDirectory
from typing import IO, TYPE_CHECKING, Any

from hallow.backends.objects.layout import JSON_TYPE, TEXT_TYPE
from hallow.backends.objects.lines import PLAIN, points_in, restored
from hallow.records.encoding import flatten
from hallow.records.points import Points, linearized
from hallow.stores.documents import stored_epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from hallow.backends.objects.access import Objects
    from hallow.backends.objects.pieces import PieceWriter

__all__ = ["ClassicFiles", "metrics_json", "points_of_classic"]

_SMALL = 1 << 10  # bytes up to which the files are written at every beat
_GROWTH = 2  # beyond, they are written when there is so many times what they hold
_IN_MEMORY = 1 << 20  # bytes; more than that goes through a file on this machine
_COLUMNS = ("steps", "timestamps", "values")


class ClassicFiles:
    """Keeps both objects up to date, at a cost that is bounded by that of what they are made from.

    Args:
        objects: where.
        run: name of the run's "directory".
        output: the pieces of the output.
        points: the pieces of the metrics.
    """

    def __init__(self, objects: Objects, run: str, output: PieceWriter, points: PieceWriter) -> None:
        self._objects = objects
        self._parts = [
            _Part(f"{run}/cout.txt", TEXT_TYPE, output, iter),
            _Part(f"{run}/metrics.json", JSON_TYPE, points, metrics_json),
        ]

    def take_up(self) -> None:
        """Go on after another process: what Sacred has left is not made anew while there is nothing to make it from."""
        present = self._objects.present(part.name for part in self._parts)
        for part in self._parts:
            if part.name in present and not part.source.end:
                part.changes = part.source.changes

    def refresh(self, final: bool = False) -> None:
        """Write what is due; at the end, whatever is not up to date."""
        for part in self._parts:
            if part.is_due(final):
                _store(self._objects, part.name, part.made_from(part.source.read()), part.content_type)
                part.changes, part.size = part.source.changes, part.source.size


@dataclass
class _Part:
    """One of the two, and what its source was like when it was written."""

    name: str
    content_type: str
    source: PieceWriter
    made_from: Callable[[Iterator[bytes]], Iterator[bytes]]
    changes: int = -1
    size: int = 0

    def is_due(self, final: bool) -> bool:
        if self.source.changes == self.changes:
            return False
        return final or self.source.size <= _SMALL or self.source.size >= _GROWTH * self.size


def _store(objects: Objects, name: str, chunks: Iterator[bytes], content_type: str) -> None:
    """Write an object; the memory that it takes does not grow with its size."""
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) > _IN_MEMORY:
            break
    else:
        objects.write(name, bytes(head), content_type)
        return
    with TemporaryDirectory(prefix="hallow-") as folder:
        path = os.path.join(folder, "content")
        with open(path, "wb") as file:
            file.write(head)
            file.writelines(chunks)
        objects.upload(path, name, content_type)


def metrics_json(contents: Iterable[bytes]) -> Iterator[bytes]:
    """The content of ``metrics.json``, piece by piece; memory does not grow with the number of points.

    Args:
        contents: of the pieces of the metrics.
    """
    with SpooledTemporaryFile(_IN_MEMORY) as spool:
        columns = _Columns(spool)
        for content in contents:
            for points in points_in(content):
                columns.add(points)
        yield from columns.json()


class _Columns:
    """Collects the lists of each metric, in a file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        # Of each metric, for each column: where its parts begin, and how long they are.
        self._parts: dict[str, tuple[array[int], ...]] = {}

    def add(self, points: Points) -> None:
        if not len(points):
            return
        timestamps = [when.isoformat() for when in linearized([points])[points.name]["timestamps"]]
        parts = self._parts.setdefault(points.name, tuple(array("Q") for _ in _COLUMNS))
        for values, places in zip((points.steps, timestamps, points.values), parts, strict=True):
            text = _items(values)
            places.extend((self._file.tell(), len(text)))
            self._file.write(text)

    def json(self) -> Iterator[bytes]:
        if not self._parts:
            yield b"{}"
            return
        for number, name in enumerate(sorted(self._parts)):
            yield (",\n  " if number else "{\n  ").encode() + json.dumps(name).encode() + b": {"
            for column, places in zip(_COLUMNS, self._parts[name], strict=True):
                yield (",\n    " if column != _COLUMNS[0] else "\n    ").encode() + f'"{column}": ['.encode()
                yield from self._column(places)
                yield b"\n    ]"
            yield b"\n  }"
        yield b"\n}"

    def _column(self, places: array[int]) -> Iterator[bytes]:
        for number in range(0, len(places), 2):
            self._file.seek(places[number])
            yield (b",\n      " if number else b"\n      ") + self._file.read(places[number + 1])


def _items(values: list[Any]) -> bytes:
    """The elements of a list, each on a line of its own."""
    if PLAIN.issuperset(map(type, values)):
        return json.dumps(values)[1:-1].replace(", ", ",\n      ").encode()
    shown = (json.dumps(item, sort_keys=True, indent=2) for item in flatten(list(values)))
    return ",\n".join(shown).replace("\n", "\n      ").encode()


def points_of_classic(metrics: Any) -> list[Points]:
    """The points in the data of a ``metrics.json``.

    Raises:
        ValueError: if it is no such data.
    """
    if not isinstance(metrics, dict):
        raise ValueError("it holds no metrics")  # noqa: TRY004 - a matter of what is stored, not of the call
    return [_points_of(name, metric) for name, metric in metrics.items()]


def _points_of(name: str, metric: Any) -> Points:
    lists: list[Any] = [metric.get(key) for key in _COLUMNS] if isinstance(metric, dict) else [None]
    if not all(isinstance(one, list) and len(one) == len(lists[0]) for one in lists):
        raise ValueError(f"the lists of the metric {name!r} do not fit together")
    steps, timestamps, values = lists
    return Points(name, restored(steps), restored(values), [stored_epoch(when) for when in timestamps])
