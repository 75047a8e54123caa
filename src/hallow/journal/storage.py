"""Where records go: into the file, and into memory while the disk is full."""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Any

from hallow.journal.held import MOST_HELD, HeldRecords
from hallow.journal.layout import METRICS, NAMES, OBJECTS, RECORD_SIZE, check_of
from hallow.journal.lines import Lines
from hallow.journal.recordfile import RecordFile

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator
    from struct import Struct

    from hallow.journal.hot import HotPath

__all__ = ["Storage"]

_RETRY = 5.0  # seconds between two tries of a file that could not be written


class Storage:
    """The three files of the metrics, or what stands in for them.

    All calls want the lock of the hot path to be held. What is changed is usable at every moment, because a signal
    handler that logs or raises may come in between: a window is closed when the next one is in use, and one that
    comes too late is not used.

    Args:
        hot: writes the records.
        folder: of the journal; ``None`` keeps everything in memory.
        logger: told if something cannot be written.
        mapped: whether to write through memory, if that is possible.

    Attributes:
        names: lines of ``names.jsonl``.
        objects: lines of ``objects.jsonl``.
        held: records in memory.
    """

    def __init__(self, hot: HotPath, folder: str | None, logger: logging.Logger | None, mapped: bool) -> None:
        self._hot = hot
        self._logger = logger
        self._file = RecordFile(os.path.join(folder, METRICS), mapped, logger) if folder else None
        self.names = Lines(os.path.join(folder, NAMES) if folder else None)
        self.objects = Lines(os.path.join(folder, OBJECTS) if folder else None)
        self.held = HeldRecords()
        self._trouble: OSError | None = None
        self._retry_at = 0.0

    @property
    def appends(self) -> bool:
        """Whether each record has to come through :meth:`write`."""
        return self._file is not None and self._file.appends

    def write(self, packer: Struct, *cells: Any) -> None:
        """Write one record, after the lines that it may refer to."""
        index = -1
        while index < 0:  # a signal handler that logs may take the room that was made
            self._make_room()
            if self._file is not None and self._file.appends and self._trouble is None:
                count, _ = self._hot.size()
                try:
                    self._file.append(packer.pack(*cells, check_of(count)), count)
                except OSError as error:
                    self._hold(error, count)
            index = self._hot.put(packer.pack_into, *cells)

    def _make_room(self) -> None:
        self.retry()
        count, room = self._hot.size()
        if self._file is None or self._trouble is not None:
            if room <= 0:
                self._hold_more(count)
            return
        try:
            self._flush_lines()
            if room <= 0:
                self._turn_over(self._file, count)
        except OSError as error:
            self._hold(error, count)

    def _flush_lines(self) -> None:
        self.names.flush()
        self.objects.flush()

    def _turn_over(self, file: RecordFile, count: int) -> None:
        """Go on in a new window of the file.

        Raises:
            OSError: if there is no space.
        """
        window, first = file.window(count)
        if self._hot.place(window, first, count):
            file.keep(window)

    # --------------------------------------------------------------------------------------------- in memory

    def _hold_more(self, count: int) -> None:
        window, first = self.held.window(count)
        if not self._hot.place(window, first, count):
            self.held.take_back()

    def _hold(self, error: OSError, count: int) -> None:
        """Keep what comes in memory, because it cannot be written."""
        self._trouble = error
        self._retry_at = monotonic() + _RETRY
        self._hold_more(count)
        if self._file is None:
            return
        self._file.release()
        if self._logger is not None:
            self._logger.error(
                "Metrics cannot be written to %s: %s. From now on they are kept in memory, the newest %d of them, and "
                "go to the observers from there; the file is tried again from time to time. What it holds is safe.",
                error.filename or self._file.path,
                error.strerror or error,
                MOST_HELD,
            )

    def retry(self, now: bool = False) -> None:
        """If records are in memory because the disk was full, and it is time, try to write them."""
        if self._file is None or self._trouble is None or not (now or monotonic() >= self._retry_at):
            return
        count, _ = self._hot.size()
        # Nothing goes into a window that is being stored.
        self._hot.place(bytearray(), count, count)
        try:
            self._flush_lines()
            while self.held:
                first, records = next(self.held.pieces(count))
                self._file.write(records, first)
                self.held.pop()
            self._turn_over(self._file, count)
        except OSError as error:
            self._trouble = error
            self._retry_at = monotonic() + _RETRY
            if self.held:
                self._hot.place(*self.held.newest(), count)
            return
        self._trouble = None
        if self._logger is not None:
            self._logger.info("Metrics are written to %s again", self._file.path)

    # ------------------------------------------------------------------------------------------ reading, ends

    def pieces(self, start: int, stop: int, most: int) -> Iterator[tuple[int, bytes]]:
        """The bytes of the records from ``start`` to before ``stop``, with the number of the first in each piece.

        What is in memory is copied at once, the file is read piece by piece; that wants no lock.
        """
        count, _ = self._hot.size()
        held = [
            (first, bytes(records))
            for first, records in self.held.pieces(count)
            if first < stop and first + len(records) // RECORD_SIZE > start
        ]
        in_file = min(stop, self.held.first) if self.held else stop
        return self._pieces(start, stop, in_file, held, most)

    def _pieces(
        self, start: int, stop: int, in_file: int, held: list[tuple[int, bytes]], most: int
    ) -> Iterator[tuple[int, bytes]]:
        if self._file is not None:
            for first in range(start, in_file, most):
                yield first, self._file.read(first, min(first + most, in_file))
        for first, records in held:
            skipped = max(0, start - first)
            yield first + skipped, records[skipped * RECORD_SIZE : (stop - first) * RECORD_SIZE]

    def sync(self) -> None:
        """Store what is in memory, if that is possible, and give back space reserved for later records."""
        if self._file is None:
            return
        self.retry(now=True)
        count, _ = self._hot.size()
        if self._trouble is None:
            try:
                self._flush_lines()
            except OSError as error:
                self._hold(error, count)
                return
            if self._hot.place(bytearray(), count, count):
                self._file.cut(count)

    def close(self) -> None:
        """No more records. What is in memory can still be read."""
        count, _ = self._hot.size()
        self._hot.place(bytearray(), count, count)
        if self._file is not None:
            self._file.close()
