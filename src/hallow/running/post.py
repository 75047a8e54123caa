"""Something that happened once in a run, on its way to the observers."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.records.decoding import restore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hallow.journal.journal import Journal

__all__ = ["Post"]


class Post:
    """One event with its arguments.

    As long as an observer owes it, it must outlive the process and the files that it names: :meth:`secure` writes it
    into the journal and copies its file there. The arguments are then read back from there.

    Args:
        event: name of the observers' method.
        arguments: for it, by name.
        secured: whether it is in the journal already, or need not be.
    """

    __slots__ = ("_arguments", "_journal", "_lock", "_place", "_reached", "event", "secured")

    def __init__(self, event: str, arguments: Mapping[str, Any], secured: bool = False) -> None:
        self.event = event
        self.secured = secured
        self._arguments: dict[str, Any] | None = dict(arguments)
        self._journal: Journal | None = None
        self._place = 0
        self._reached: list[int] = []
        # Guards the change from memory to journal; an observer may be reading the arguments.
        self._lock = threading.Lock()

    def arguments(self) -> dict[str, Any]:
        """The arguments."""
        with self._lock:
            if self._arguments is not None:
                return self._arguments
            assert self._journal is not None
            return dict(restore(self._journal.events.read(self._place)["arguments"]))

    @property
    def size(self) -> int:
        """Bytes of the file that it names, 0 for a folder."""
        filename = self.arguments().get("filename")
        with suppress(OSError):
            if filename and os.path.isfile(filename):
                return os.path.getsize(filename)
        return 0

    def reached(self, observer: int) -> None:
        """Note that an observer, given by its number, has the event."""
        with self._lock:
            self._reached.append(observer)
            journal = self._journal
        if journal is not None:
            with suppress(OSError):  # it is told twice then, should somebody recover the run
                journal.events.append({"event": "told", "place": self._place, "observer": observer})

    def secure(self, journal: Journal | None) -> None:
        """Keep the event and its file in the journal.

        Raises:
            OSError: if that is not possible; the event is still in memory.
        """
        if self.secured or journal is None:
            return
        self.secured = True
        arguments = self.arguments()
        filename = arguments.get("filename")
        if filename is not None:
            arguments = {**arguments, "filename": journal.stash(filename)}
        with self._lock:
            self._arguments = arguments  # even if the log cannot be written, the copy of the file counts
        with self._lock:
            line = {"event": self.event, "arguments": arguments, "reached": self._reached}
            self._place = journal.events.append(line)
            self._journal, self._arguments = journal, None
