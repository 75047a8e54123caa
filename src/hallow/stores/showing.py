"""Records as text for a terminal: what ``hallow ls`` and ``hallow show`` print."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hallow.records.points import Points
    from hallow.records.record import RunRecord

__all__ = ["description", "table"]

_HEADS = ("id", "status", "started (UTC)", "took", "experiment", "command", "result", "tags")
#: Characters of a cell; ids are never cut, because they are copied from here.
_CELL = 40
#: Characters of a value, and lines of a list of files.
_VALUE, _FILES = 200, 20


def table(records: Iterable[RunRecord]) -> list[str]:
    """One line for each run, below one with headings; no line if there are no runs."""
    rows = [_row(record) for record in records]
    if not rows:
        return []
    widths = [max(map(_width, column)) for column in zip(_HEADS, *rows, strict=True)]
    return ["  ".join(map(_padded, row, widths)).rstrip() for row in (_HEADS, *rows)]


def _row(record: RunRecord) -> tuple[str, ...]:
    result = record.problem or ("" if record.result is None else str(record.result))
    cells = (record.name, record.command, result, " ".join(record.tags))
    return (
        _in_one_line(str(record.run_id)),
        record.status,
        f"{record.start_time:%Y-%m-%d %H:%M:%S}" if record.start_time else "",
        str(record.duration).partition(".")[0] if record.duration else "",
        *map(_cell, cells),
    )


def _cell(text: str) -> str:
    text = _in_one_line(text[: 2 * _CELL])
    return text if len(text) <= _CELL else f"{text[: _CELL - 3]}..."


def _in_one_line(text: str) -> str:
    """Without line breaks, and without what would make a terminal do something else."""
    if text.isprintable():
        return text
    text = re.sub(r"\s*[\r\n]\s*", " ", text)
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _width(text: str) -> int:
    """Columns of a terminal: letters of Chinese, Japanese and Korean take two."""
    from unicodedata import combining, east_asian_width

    if text.isascii():
        return len(text)
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def description(record: RunRecord, full: bool = False) -> Iterator[str]:
    """The lines that describe a run.

    Args:
        record: of the run.
        full: also show what is long, values and lists of files, as a whole.
    """
    for name, lines in _parts(record, full):
        if len(lines) == 1:
            yield f"{name}: {lines[0]}"
        elif lines:
            yield f"{name}:"
            yield from (f"  {line}" for line in lines)


def _parts(record: RunRecord, full: bool) -> list[tuple[str, list[str]]]:
    """Headings with lines, those that there is nothing to say of without any."""

    def entries(values: dict[str, Any]) -> list[str]:
        from hallow.utils import iterate_flattened

        return [f"{path} = {_value(value, full)}" for path, value in iterate_flattened(values)]

    def names(files: Iterable[Any]) -> list[str]:
        found = [_in_one_line(file.name) for file in files]
        return found if full or len(found) <= _FILES else [*found[:_FILES], f"... and {len(found) - _FILES} more"]

    return [
        ("run", [f"{record.run_id} in {record.store}"]),
        ("problem", [record.problem] if record.problem else []),
        ("status", [record.status]),
        ("experiment", [f"{record.name}, command {record.command}"]),
        ("queued", _moment(record.queue_time)),
        ("started", _moment(record.start_time)),
        ("took", [str(record.duration)] if record.duration else []),
        ("host", [str(record.host.get("hostname"))] if record.host.get("hostname") else []),
        ("result", [] if record.result is None else [_value(record.result, full)]),
        ("tags", [" ".join(record.tags)] if record.tags else []),
        ("notes", record.notes.splitlines()),
        ("config", entries(record.config)),
        ("info", entries(record.info)),
        ("metrics", _metric_lines(record)),
        ("artifacts", names(record.artifacts)),
        ("resources", names(record.resources)),
        ("sources", names(record.sources)),
        ("traceback", [line for part in record.fail_trace for line in part.splitlines()]),
        ("output", _shown(record.tail(10))),
    ]


def _moment(when: datetime | None) -> list[str]:
    return [f"{when:%Y-%m-%d %H:%M:%S} UTC"] if when else []


def _shown(output: str) -> list[str]:
    """The lines that a terminal shows: of a progress bar its last state."""
    from hallow.utils import apply_backspaces_and_linefeeds

    return apply_backspaces_and_linefeeds(output).rstrip("\n").split("\n") if output else []


def _value(value: Any, full: bool) -> str:
    text = re.sub(r"\s*\n\s*", " ", repr(value))  # arrays have lines of their own
    return text if full or len(text) <= _VALUE else f"{text[:_VALUE]}... ({len(text)} characters)"


def _metric_lines(record: RunRecord) -> list[str]:
    from hallow.errors import RecordError

    try:
        metrics = record.metrics
    except RecordError as error:
        return [f"cannot be read: {error}"]  # which hides nothing else of the run
    return [f"{_in_one_line(name)}: {_summary(points)}" for name, points in metrics.items()]


def _summary(points: Points) -> str:
    if not len(points):
        return "no points"
    count = "1 point" if len(points) == 1 else f"{len(points)} points"
    return f"{count}, last {points.values[-1]} at step {points.steps[-1]}"
