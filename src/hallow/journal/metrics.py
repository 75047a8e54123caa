"""Points of metrics, on the disk from the moment they are logged."""

from __future__ import annotations

import math
import os
from collections import deque
from time import time
from typing import TYPE_CHECKING, Any

from hallow.journal.decoding import BATCH, count_records, decoded, joined, placeholder
from hallow.journal.held import MOST_HELD
from hallow.journal.hot import hot_path
from hallow.journal.layout import BOOL, FLOAT, INT, METRICS, NAMES, OBJECT, kinds_of, packer_for
from hallow.journal.lines import LineReader, line_of, line_of_flat, names_in
from hallow.journal.rawfile import read_range, size_of
from hallow.journal.storage import Storage
from hallow.records.encoding import flatten

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Mapping

    from hallow.records.points import Points

__all__ = ["MetricsLog"]

_KINDS: dict[type, int] = {float: FLOAT, int: INT, bool: BOOL}
_INT64 = 1 << 63
_DETACHED = "this process is a copy, made by fork, of the one that has the run"
_CLOSED = "the run has ended"


class MetricsLog:
    """Logs points; safe in threads and signal handlers, after fork, against SIGKILL and a full disk.

    The order of points is that in which ``log`` took them. What is in the folder already is continued.

    Args:
        folder: of the journal; ``None`` keeps the newest million of points in memory.
        logger: told once, as an error, when points cannot be written; they are kept in memory until they can,
            up to a million, and are handed out as usual.
        mapped: whether to write through memory that is mapped from the file, where that is possible; otherwise,
            each point is an ordinary write.

    Attributes:
        log: ``log(name, value, step=None, at=None)`` logs one point. ``value`` is a float, an int or a bool, or
            anything else that records can hold; ``step`` the same, by default the last one of this metric + 1,
            and 0 for the first; ``at`` the time in seconds since 1970, by default now. Never raises on account
            of the disk.
    """

    log: Callable[..., None]

    def __init__(self, folder: str | None, logger: logging.Logger | None = None, *, mapped: bool = True) -> None:
        self._logger = logger
        self._ids: dict[str, int] = {}
        self._quick_ids: dict[str, int] = {}  # those that need no write of their own
        self._names: list[str] = []
        self._steps: dict[str, Any] = {}
        count = count_records(os.path.join(folder, METRICS)) if folder else 0
        self._hot = hot_path(self._quick_ids, self._steps, self._log_slowly, count)
        self._storage = Storage(self._hot, folder, logger, mapped)
        self.log = self._hot.log
        # Points of a signal handler that came in the middle of a call; that call goes on with them.
        self._waiting: deque[tuple[str, Any, Any, Any, float]] = deque()
        self._working = False
        self._ended = ""
        self._said: set[str] = set()
        if folder and self._storage.names.size:
            self._take_up(os.path.join(folder, NAMES))

    def _take_up(self, path: str) -> None:
        """Go on with the names that are there."""
        for number, name in enumerate(names_in(read_range(path, 0, size_of(path))), 1):
            self._names.append(placeholder(number) if name is None else name)
            if name is not None:
                self._ids.setdefault(name, number)

    # ---------------------------------------------------------------------------------------------- writing

    def _log_slowly(self, name: Any, value: Any, step: Any, at: float | None) -> None:
        """Log any point; the fast path leaves new names, other types and full windows to this."""
        at = time() if at is None else float(at)
        name = name if type(name) is str else str(name)
        # Encoding runs code of foreign objects, so it comes before the lock.
        value = self._storable(name, value)
        stored_step = None if step is None else self._storable(name, step)
        with self._hot.lock():
            self._waiting.append((name, value, step, stored_step, at))
            self._work_off()

    def _work_off(self) -> None:
        if self._working:
            return
        self._working = True
        try:
            while self._waiting:
                self._take(*self._waiting.popleft())
        finally:
            self._working = False

    def _take(self, name: str, value: Any, step: Any, stored_step: Any, at: float) -> None:
        if self._ended:
            self._say_once("ended", "Points of metrics are no longer recorded: %s", self._ended)
            return
        number = self._ids.get(name) or self._new_id(name)
        self._steps.setdefault(name, 0)
        if step is None:
            # Nothing is called in between: a signal handler that logs must not be given the same step.
            counter = self._steps[name]
            self._steps[name] = counter + 1
            stored_step = self._storable(name, counter)
        else:
            plain: Any = step if type(stored_step) is bytes else stored_step
            if type(plain) in _KINDS and math.isfinite(plain):
                self._steps[name] = plain + 1
        value, value_kind = self._cell(value)
        stored_step, step_kind = self._cell(stored_step)
        kinds = kinds_of(value_kind, step_kind)
        self._storage.write(packer_for(value_kind, step_kind), value, stored_step, at, number, kinds)
        if self._storage.appends:
            self._quick_ids.clear()
        else:
            self._quick_ids[name] = number
        if self.dropped:
            self._say_once("dropped", "More than %d points of metrics are in memory; the oldest are lost", MOST_HELD)

    def _storable(self, name: str, value: Any) -> Any:
        """A number that fits into a record as it is, anything else as a line of JSON."""
        if type(value) not in _KINDS:
            value = flatten(value, lambda _, problem: self._say_once(name, "The metric %r: a value %s", name, problem))
        if type(value) in _KINDS and (type(value) is not int or -_INT64 <= value < _INT64):
            return value
        return line_of_flat(value)

    def _cell(self, storable: Any) -> tuple[Any, int]:
        """What stands in the record, and its kind."""
        if type(storable) is bytes:
            return self._storage.objects.add(storable), OBJECT
        return storable, _KINDS[type(storable)]

    def _new_id(self, name: str) -> int:
        self._names.append(name)
        self._storage.names.add(line_of(name))
        self._ids[name] = len(self._names)
        return len(self._names)

    def _say_once(self, topic: str, message: str, *args: Any) -> None:
        if self._logger is not None and topic not in self._said:
            self._said.add(topic)
            self._logger.warning(message, *args)

    # ---------------------------------------------------------------------------------------------- reading

    @property
    def count(self) -> int:
        """How many points were logged; the next one has this number."""
        with self._hot.lock():
            self._work_off()
            return self._hot.size()[0]

    @property
    def dropped(self) -> int:
        """How many points were lost because too many had to be kept in memory; they count as logged."""
        return self._storage.held.dropped

    @property
    def next_steps(self) -> dict[str, Any]:
        """The next automatic step of each metric; may be changed or replaced."""
        return self._steps

    @next_steps.setter
    def next_steps(self, steps: Mapping[str, Any]) -> None:
        with self._hot.lock():
            new = dict(steps)
            self._steps.clear()
            self._steps.update(new)

    def read(self, start: int = 0, stop: int | None = None) -> list[Points]:
        """The points from number ``start`` to before ``stop``, by default all that were logged by now.

        Grouped by name in order of first appearance, each group in the order of logging. Points that were given
        up or whose file is gone are left out. The lists are the caller's.
        """
        with self._hot.lock():
            if self._ended is _DETACHED:
                return []
            self._work_off()
            if not self._ended:
                self._storage.retry()
            count, _ = self._hot.size()
            pieces = self._storage.pieces(max(start, 0), count if stop is None else min(stop, count), BATCH)
            objects = LineReader(self._storage.objects.path, self._storage.objects.pending)
        try:
            return joined(decoded(data, first, self._name_of, objects) for first, data in pieces)
        finally:
            objects.close()

    def _name_of(self, number: int) -> str:
        return self._names[number - 1] if number <= len(self._names) else placeholder(number)

    def forget(self, index: int) -> None:
        """Points before the number ``index`` are needed no more: those in memory may go, and are not lost."""
        with self._hot.lock():
            self._storage.held.forget(index)

    # ------------------------------------------------------------------------------------------------- ends

    def sync(self) -> None:
        """Store what is still in memory, if that is possible, and give back space reserved for later points."""
        with self._hot.lock():
            if not self._ended:
                self._work_off()
                self._storage.sync()

    def close(self) -> None:
        """Like :meth:`sync`, for good: points that come later are not recorded. Reading goes on."""
        self.sync()
        self.discard()

    def discard(self) -> None:
        """Like :meth:`close` where the files are to be deleted anyway: nothing is written."""
        with self._hot.lock():
            if not self._ended:
                self._ended = _CLOSED
                self._storage.close()

    def detach(self) -> None:
        """In a child made by fork: never touch the files again. Points logged here are not recorded."""
        self._hot.renew()
        self._ended = _DETACHED
        self._waiting.clear()
        self._working = False
        self._storage.close()
        self._storage.held.clear()
