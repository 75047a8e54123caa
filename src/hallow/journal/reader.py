"""Reading the journal of any run, also one that goes on or that was cut off, without changing it.

Nothing here raises on account of damage: what is no whole record, line or slot is left out.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.journal.decoding import BATCH, count_records, decoded, placeholder
from hallow.journal.layout import METRICS, NAMES, OBJECTS, OUTPUT, OUTPUT_PARTS, RECORD_SIZE, TEXT
from hallow.journal.lines import LineReader, names_in
from hallow.journal.rawfile import read_range, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.records.points import Points

__all__ = ["Summary", "output_path", "read_output", "read_points", "scan"]


def read_points(folder: str, start: int = 0, stop: int | None = None) -> Iterator[list[Points]]:
    """The points from number ``start`` to before ``stop``, in batches of at most 65,536.

    In a batch they are grouped by name in order of first appearance. A metric whose name is lost is called
    ``unnamed.<number>``; a value whose line is lost is ``None``.

    Args:
        folder: of the journal.
        start: number of the first point, from 0.
        stop: ``None`` means all that are there when the end is reached.
    """
    names = _Names(os.path.join(folder, NAMES))
    objects = LineReader(os.path.join(folder, OBJECTS))
    path = os.path.join(folder, METRICS)
    first = max(0, start)
    try:
        while stop is None or first < stop:
            wanted = BATCH if stop is None else min(BATCH, stop - first)
            data = read_range(path, first * RECORD_SIZE, wanted * RECORD_SIZE)
            points = decoded(data, first, names.of, objects)
            if points:
                yield points
            if len(data) < wanted * RECORD_SIZE:
                return
            first += wanted
    finally:
        objects.close()


class _Names:
    """Names by number; the file is read again when a new number turns up, because its run may go on."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._names: list[str | None] = []
        self._size = 0

    def of(self, number: int) -> str:
        if number > len(self._names) and self._size != (size := size_of(self._path)):
            self._size = size
            self._names = names_in(read_range(self._path, 0, size))
        name = self._names[number - 1] if number <= len(self._names) else None
        return placeholder(number) if name is None else name


def output_path(folder: str) -> str:
    """The file with all that was printed; that of one stream as long as the others have printed nothing."""
    paths = [os.path.join(folder, name) for name in (OUTPUT, *OUTPUT_PARTS)]
    return next(filter(size_of, paths), paths[0])


def read_output(folder: str, start: int = 0, limit: int | None = None, name: str | None = None) -> bytes:
    """Bytes that the run printed.

    Args:
        folder: of the journal.
        start: offset of the first byte.
        limit: how many at most; ``None`` means all.
        name: of a certain file: ``output.1``, ``output.2`` or ``text``; by default everything is read.
    """
    path = output_path(folder) if name is None else os.path.join(folder, name)
    rest = max(0, size_of(path) - start)
    return read_range(path, start, rest if limit is None else min(limit, rest))


@dataclass
class Summary:
    """What there is in a journal.

    Attributes:
        folder: of the journal.
        header: empty if it is damaged.
        alive: whether the process that writes it is there; ``None`` if that cannot be told.
        state: of the last beat; ``None`` without one.
        points: the number of the last one, counted from 1.
        names: of the metrics, in order of first appearance.
        output: bytes printed.
        text: bytes of the text that is to be stored, if that is a file of its own.
        events: how many.
        problems: what is damaged.
    """

    folder: str
    header: dict[str, Any]
    alive: bool | None
    state: dict[str, Any] | None
    points: int
    names: list[str]
    output: int
    text: int
    events: int
    problems: list[str] = field(default_factory=list)


def scan(folder: str) -> Summary:
    """Look through a journal; cheap but for the events, which are counted."""
    from hallow.journal.journal import Journal
    from hallow.journal.owner import is_alive

    journal = Journal.open(folder)
    owner = journal.header.get("owner")
    names = names_in(read_range(journal.path(NAMES), 0, size_of(journal.path(NAMES))))
    return Summary(
        folder=journal.folder,
        header=journal.header,
        alive=is_alive(owner) if isinstance(owner, dict) else None,
        state=journal.state.read(),
        points=count_records(journal.path(METRICS)),
        names=[placeholder(number) if name is None else name for number, name in enumerate(names, 1)],
        output=size_of(output_path(journal.folder)),
        text=size_of(journal.path(TEXT)),
        events=sum(1 for _ in journal.events),
        problems=journal.problems,
    )
