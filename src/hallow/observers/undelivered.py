"""Events that an observer would not take, kept on disk as a journal, for ``hallow recover`` to deliver."""

from __future__ import annotations

import inspect
import os
from typing import TYPE_CHECKING, Any

from hallow.journal.journal import Journal
from hallow.journal.layout import EVENTS
from hallow.journal.place import new_folder
from hallow.observers.base import RunObserver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Undelivered", "named_arguments"]


class Undelivered:
    """The events of one run that one observer did not take. Nothing is on disk before the first one.

    Args:
        observer: the observer.
        run_id: of the run.
        command: of the run.
    """

    def __init__(self, observer: Any, run_id: Any, command: str | None) -> None:
        self._observer = observer
        self._run = {"id": run_id, "command": command, "start_time": None, "parent": None, "attempt": 1, "attempts": []}
        self._journal: Journal | None = None

    def __bool__(self) -> bool:
        return self._journal is not None

    def add(self, event: str, arguments: Mapping[str, Any]) -> None:
        """Keep an event, and a copy of its file if that is still there.

        Raises:
            OSError: if that is not possible.
        """
        journal = self._opened()
        filename = arguments.get("filename")
        if filename is not None and os.path.exists(filename):
            arguments = {**arguments, "filename": journal.stash(filename)}
        journal.events.append({"event": event, "arguments": dict(arguments), "reached": []})

    def end(self, event: str, arguments: Mapping[str, Any], info: Any, result: Any) -> None:
        """Note how the run ended; a recovery tells it last.

        Raises:
            OSError: if that is not possible.
        """
        final = {"event": "end", "final": event, "arguments": dict(arguments), "info": info, "result": result}
        self._opened().events.append(final)

    def _opened(self) -> Journal:
        if self._journal is None:
            self._journal = Journal.create(new_folder(), self._header())
        return self._journal

    def _header(self) -> dict[str, Any]:
        kind = type(self._observer)
        recovery = self._observer.recovery() if self._can_be_recovered() else {}
        return {
            "run": self._run,
            "output": {"mode": None, "fold": False, "cap": 0, "filtered": False},
            "beat_interval": 0,
            # Output comes with the heartbeats; "text" keeps a recovery from telling that there is none.
            "observers": [{"class": f"{kind.__module__}:{kind.__qualname__}", **recovery, "text": True}],
        }

    def _can_be_recovered(self) -> bool:
        return {"recovery", "reopen"} <= set(dir(type(self._observer)))

    def where(self) -> str:
        """Where the events are, and what to do with them."""
        if self._journal is None:
            return "it could not be kept"
        if self._can_be_recovered():
            return f"what is missing is kept: hallow recover {self._journal.folder} (when this process has ended)"
        return f"what is missing is kept, one JSON object a line, in {self._journal.path(EVENTS)}"


def named_arguments(event: str, args: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of an event by name, also of those that were given by position."""
    if not args:
        return dict(keywords)
    names = list(inspect.signature(getattr(RunObserver, event)).parameters)[1:]
    # What is beyond the names of the interface is kept all the same.
    names += [f"argument{number}" for number in range(len(names), len(args))]
    return {**dict(zip(names, args, strict=False)), **keywords}
