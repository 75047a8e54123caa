"""What a run has to tell at a beat: points, output, info, result."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from hallow.running.snapshot import InfoSnapshots
from hallow.running.summary import MetricSummary
from hallow.running.times import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hallow.records.points import Points
    from hallow.running.output import Cursor
    from hallow.running.run import Run


class Beat:
    """How a run stands at one moment, for all observers that are told of it.

    Attributes:
        info: a copy of ``run.info``; observers may add to it.
        time: naive, UTC.
        result: the run's result so far.
        last: whether the final event follows.
    """

    __slots__ = ("_text", "info", "last", "result", "time")

    def __init__(self, info: dict[str, Any], time: datetime, result: Any, text: Callable[[], str], last: bool) -> None:
        self.info = info
        self.time = time
        self.result = result
        self.last = last
        self._text: Callable[[], str] | str = text

    def captured_out(self) -> str:
        """The whole output; put together only if somebody asks."""
        if callable(self._text):
            self._text = self._text()
        return self._text


class Feed:
    """Where the deliveries of one run take what is new.

    Args:
        run: the run.
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.snapshots = InfoSnapshots()
        self.summary = MetricSummary()
        # Guards the last batch read and the summary made of it.
        self._batch_lock = threading.Lock()
        self._batch: tuple[int, int, list[Points]] = (0, 0, [])
        self._summed = 0

    # -------------------------------------------------------------------------------------------------- beats

    def beat(self, last: bool = False) -> Beat:
        """The present state of the run."""
        run = self.run
        self.refresh(last)
        info = self.snapshots.take(run.info)
        return Beat(info, utc_now(), run.result, lambda: run.captured_out, last)

    def refresh(self, last: bool = False) -> None:
        """Take in what was printed, and what other ranks have logged."""
        if self.run._attachment is not None:
            self.run._attachment.collect(self.run)
        if self.run._output is not None:
            self.run._output.advance(final=last)

    def beat_is_over(self, beat: Beat) -> None:
        """Remember what observers added to the info."""
        self.snapshots.keep_additions(self.run.info, beat.info)

    # ------------------------------------------------------------------------------------------------- points

    @property
    def count(self) -> int:
        """Points logged so far."""
        return int(self.run._metrics.count)

    def points(self, start: int, stop: int) -> list[Points]:
        """The points from ``start`` to before ``stop``; what several observers ask for is read once."""
        if stop <= start:
            return []
        with self._batch_lock:
            if self._batch[:2] != (start, stop):
                self._batch = (start, stop, self.run._metrics.read(start, stop))
                self._sum_up(*self._batch)
            return list(self._batch[2])

    def _sum_up(self, start: int, stop: int, points: list[Points]) -> None:
        if start == self._summed:
            for some in points:
                self.summary.add(some)
            self._summed = stop

    def complete_summary(self) -> dict[str, Any]:
        """Figures of every metric, over all points."""
        from hallow.running.outlet import BATCH

        while self._summed < self.count:
            self.points(self._summed, min(self._summed + BATCH, self.count))
        return self.summary.as_dict()

    # ------------------------------------------------------------------------------------------------- output

    def is_behind(self, cursor: Cursor) -> bool:
        """Whether a reader lacks some of the output, or has some that is not right any more."""
        return self.run._output is not None and self.run._output.behind(cursor)

    def output_after(self, cursor: Cursor, limit: int) -> tuple[int, bytes]:
        """What replaces everything after a position of the output: position, text in UTF-8 of about ``limit`` bytes."""
        output = self.run._output
        return (cursor.position, b"") if output is None else output.read_bytes(cursor, limit)
