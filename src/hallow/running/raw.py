"""The bytes that one run printed, wherever they are.

The descriptors of a process lead into one place, but several of its runs may read there, each from its own beginning
to its own end. What is written to the two streams can also be in separate files, because they lead to different
places; a run then joins them into one file of its own.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from logging import getLogger
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from hallow.journal.layout import OUTPUT
from hallow.running.growing import Growing, OpenFile, chunks_of
from hallow.running.merging import Merge, Source, own_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Raw", "Reach", "Segment"]

#: A file, the first byte in it, and the end, or ``None`` if it goes on.
Segment: TypeAlias = "tuple[str | None, int, int | None]"


class Reach:
    """What one run reads of the files that some descriptors lead into, one after the other."""

    def __init__(self, file: OpenFile, start: int) -> None:
        # Replaced as a whole, never changed: others read it meanwhile.
        self._pieces: tuple[tuple[OpenFile, int, int | None], ...] = ((file, start, None),)

    @property
    def size(self) -> int:
        """How many bytes there are."""
        return sum(length for _, _, length in self._lengths())

    def _lengths(self) -> Iterator[tuple[OpenFile, int, int]]:
        for file, start, end in self._pieces:
            if end is None:
                end = start
                with suppress(OSError):
                    end = file.size()
            yield file, start, max(0, end - start)

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on, fewer only at the end."""
        found = []
        for file, begin, length in self._lengths():
            if start < length and limit > 0:
                data = file.read(begin + start, min(limit, length - start))
                found.append(data)
                limit -= len(data)
                start += len(data)
            start -= length
            if start < 0:
                break
        return found[0] if len(found) == 1 else b"".join(found)

    def chunks(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` to ``end`` in pieces."""
        return chunks_of(self, start, end)

    def size_at(self, limit: int) -> int:
        """How many bytes there are up to the offset ``limit`` of the file that is written to now."""
        *done, (_, start, _) = self._pieces
        return sum((end or begin) - begin for _, begin, end in done) + max(0, limit - start)

    def go_on(self, limit: int, file: OpenFile, start: int) -> None:
        """What comes after the offset ``limit`` is in another file."""
        *done, (old, begin, _) = self._pieces
        self._pieces = (*done, (old, begin, max(begin, limit)), (file, start, None))

    def moved(self, file: OpenFile, start: int, end: int | None = None) -> None:
        """Everything is in another file."""
        self._pieces = ((file, start, end),)

    def end(self) -> None:
        """Nothing is added any more."""
        *done, (file, start, end) = self._pieces
        if end is None:
            with suppress(OSError):
                end = file.size()
        self._pieces = (*done, (file, start, max(start, end or 0)))

    @property
    def segments(self) -> list[Segment]:
        """Where the bytes are."""
        return [(file.path, start, end) for file, start, end in self._pieces]


class Tapped(Protocol):
    """What :class:`Raw` asks of the tap on the descriptors."""

    lock: Any

    def pull(self, everything: bool = False) -> None:
        """Flush all buffers and gather."""

    def keep(self, raw: Raw, folder: str) -> None:
        """Lead descriptors into files of the folder where no other run does so already."""


class Raw:
    """The bytes that one run printed, counted from the start of its capture.

    Args:
        on_pull: for tests and other sources: called by :meth:`pull`.
    """

    def __init__(self, on_pull: Callable[[bool], None] | None = None) -> None:
        self._on_pull = on_pull
        self._pid = os.getpid()
        self.tap: Tapped | None = None
        #: Reaches by the lowest number of the descriptors.
        self.reaches: dict[int, Reach] = {}
        #: What was written to streams of Python's that lead elsewhere.
        self.own: Growing | None = None
        #: The folder that the files are in, if any.
        self.folder: str | None = None
        #: Whether what Python has printed is to be safe before it is flushed.
        self.durable = True
        self.ended = False
        self._merge: Merge | None = None
        self._view: Source = Growing()
        self._lock: Any = threading.RLock()

    # ---------------------------------------------------------------------------------------------- sources

    def join(self, tap: Tapped) -> None:
        """Be one of those that the tap gathers for; its lock guards this one too."""
        self.tap, self._lock = tap, tap.lock

    def settle_sources(self, own: bool) -> None:
        """Say that all sources are known, before anything is written.

        Args:
            own: whether there is one besides the descriptors.
        """
        self.own = Growing() if own or not self.reaches else None
        sources: list[Source] = [*self.reaches.values()]
        if self.own is not None:
            sources.append(self.own)
        if len(sources) == 1:
            self._view = sources[0]
        else:
            self._merge = self._view = Merge(sources, Growing())

    def name_of(self, number: int) -> str:
        """The file for a descriptor (0: for Python's streams)."""
        return OUTPUT if self._merge is None else own_name(number)

    def append(self, data: bytes) -> None:
        """Add what was written to a stream of Python's."""
        if self.own is not None and not self.ended:
            self.own.append(data)

    # ---------------------------------------------------------------------------------------------- reading

    def pull(self, everything: bool = False) -> None:
        """Flush Python's and C's buffers and gather what is new.

        Args:
            everything: also what waits for the end of a line in the other stream.
        """
        if self.ended or self._pid != os.getpid():
            return
        if self._on_pull is not None:
            self._on_pull(everything)
        if self.tap is not None:
            self.tap.pull(everything)
        elif self._merge is not None:
            self.gather(everything)

    def gather(self, everything: bool = False, final: bool = False) -> bool:
        """Join what is new in several sources; whether there was anything."""
        with self._lock:
            return self._merge is not None and not self.ended and self._merge.step(everything, final)

    @property
    def size(self) -> int:
        """How many bytes there are so far."""
        return self._view.size

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on, fewer only at the end."""
        return self._view.read(start, limit)

    @property
    def segments(self) -> list[Segment]:
        """Where the bytes are: file, start, end (``None``: it goes on); no file where they have no name."""
        view = self._view.result if isinstance(self._view, Merge) else self._view
        return view.segments if isinstance(view, Reach) else [_segment(view, self.ended)]

    def state(self) -> dict[str, Any]:
        """What :func:`hallow.running.merging.resume_merge` has to know in another process; can be written as JSON."""
        with self._lock:
            size = self.size
            if self._merge is None or self.ended:
                source = {"segments": self._places(self._view), "taken": size}
                return {"base": 0, "size": size, "open": None, "sources": [source]}
            sources = [
                {"segments": self._places(source), "taken": taken}
                for source, taken in zip(self._merge.sources, self._merge.taken, strict=True)
            ]
            return {"base": self._merge.into.base, "size": size, "open": self._merge.open, "sources": sources}

    def _places(self, source: Source) -> list[list[Any]]:
        found = source.segments if isinstance(source, Reach) else [_segment(source, self.ended)]
        inside = f"{self.folder}{os.sep}"
        return [
            [path.removeprefix(inside) if path.startswith(inside) else os.path.abspath(path), start, end]
            for path, start, end in found
            if path is not None
        ]

    # ---------------------------------------------------------------------------------------------- keeping

    def keep_in(self, folder: str, durable: bool = True) -> None:
        """Have the bytes in files of a folder from now on, and what there is already.

        Args:
            folder: of the journal.
            durable: also those that Python has not written yet, because it buffers them.

        Raises:
            OSError: if they cannot be written; the capture goes on as before then.
        """
        folder = os.fspath(folder)
        if self.folder is not None or self.ended or self._pid != os.getpid():
            return
        self.durable = durable
        with self._lock:
            if self.own is not None:
                self.own.keep(os.path.join(folder, self.name_of(0)))
            if self._merge is not None:
                self._merge.into.keep(os.path.join(folder, OUTPUT))
            if self.tap is not None:
                self.tap.keep(self, folder)
            self.folder = folder

    def end(self) -> None:
        """Nothing is added any more; what there is stays readable until :meth:`close`."""
        if self.ended or self._pid != os.getpid():
            return
        with self._lock:
            for reach in self.reaches.values():
                reach.end()
            self.gather(everything=True, final=True)
            self.ended = True
            if self._merge is not None:
                # Of a single source, everything that is there now was just taken.
                self._view = self._merge.result
            if isinstance(self._view, Reach):
                self._settle_down(self._view)
            # Nothing here keeps alive what the tap lets go of.
            self.reaches, self.tap, self._merge = {}, None, None
            if self._view is not self.own:
                self.own = None

    def _settle_down(self, reach: Reach) -> None:
        """Copy what is in a file of somebody else, or in one that will be used again."""
        if self.folder is None:
            self._view = kept = Growing()
            for data in reach.chunks(0, reach.size):
                kept.append(data)
            return
        path = os.path.join(self.folder, OUTPUT)
        if [os.path.dirname(name or "") for name, _, _ in reach.segments] == [self.folder]:
            return
        try:
            own = Growing(path)
        except OSError as error:
            getLogger("hallow.capture").error("Output cannot be kept in %s: %s", path, error)  # noqa: TRY400
            own = Growing()
        for data in reach.chunks(0, reach.size):
            own.append(data)
        self._view = own

    def close(self) -> None:
        """Let go of files; nothing can be read any more."""
        self.end()
        self._view = Growing()


def _segment(source: Source, ended: bool) -> Segment:
    base = getattr(source, "base", 0)
    return (getattr(source, "path", None), base, base + source.size if ended else None)
