"""What happened in a run apart from points and output: one JSON object a line, only appended."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from hallow.journal.lines import line_of
from hallow.journal.rawfile import APPENDING, write_all
from hallow.records.encoding import untag_nonfinite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["EventLog"]


class EventLog:
    """A file of events. Several processes may append to it.

    Args:
        path: of the file; made by the first event.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._detached = False

    def append(self, event: Mapping[str, Any]) -> int:
        """Add an event, with values of any kind; gives its offset, for :meth:`read`.

        After :meth:`detach` nothing is written, and the offset is -1.

        Raises:
            OSError: if it cannot be written; it is then not in the log.
        """
        line = line_of(event)
        if self._detached:
            return -1
        file = os.open(self.path, APPENDING, 0o666)
        try:
            # An event that a full disk or a crash has cut off must not swallow this one.
            end = os.lseek(file, 0, os.SEEK_END)
            if end and _byte_before(file, end) != b"\n":
                line = b"\n" + line
            write_all(file, line)
            return os.lseek(file, 0, os.SEEK_CUR) - len(line.lstrip(b"\n"))
        finally:
            os.close(file)

    def read(self, offset: int) -> dict[str, Any]:
        """The event at ``offset``, in its JSON form (see :func:`hallow.records.encoding.restore`).

        Raises:
            OSError: if the file cannot be read.
            ValueError: if there is no whole event.
        """
        with open(self.path, "rb") as file:
            file.seek(offset)
            event = _event_in(file.readline())
        if event is None:
            raise ValueError(f"there is no event at offset {offset} of {self.path}")
        return event

    def __iter__(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """All events with their offsets; a torn or broken line is left out, as is a file that is not there."""
        try:
            file = open(self.path, "rb")  # noqa: SIM115 - closed below
        except OSError:
            return
        with file:
            offset = 0
            for line in file:
                event = _event_in(line)
                if event is not None:
                    yield offset, event
                offset += len(line)

    def detach(self) -> None:
        """In a child made by fork: never write again."""
        self._detached = True


def _byte_before(file: int, end: int) -> bytes:
    os.lseek(file, end - 1, os.SEEK_SET)
    return os.read(file, 1)


def _event_in(line: bytes) -> dict[str, Any] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return untag_nonfinite(event) if isinstance(event, dict) else None
