"""Joining what was written to several places into the one output of a run, here or after a crash."""

from __future__ import annotations

import os
from typing import Any, Protocol

from hallow.journal.layout import OUTPUT
from hallow.journal.staged import take_in_staged
from hallow.running.growing import CHUNK, Growing, OpenFile, chunks_of

__all__ = ["Merge", "Source", "own_name", "resume_merge", "whole"]

#: Bytes at the end of what is new that tell, without reading it all, whether a line is begun.
_LOOK = 1 << 12


class Source(Protocol):
    """Bytes that grow."""

    @property
    def size(self) -> int:
        """How many there are."""

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on, fewer only at the end."""


def own_name(number: int) -> str:
    """The file for what reached a descriptor; 0: streams of Python's that lead elsewhere."""
    return f"{OUTPUT}.{number}"


class Merge:
    """Joins sources, without breaking lines where that can be helped.

    A line that one of them has begun is finished before another goes on. Streams are buffered, so the rest of a line
    may be long in coming: it is waited for until somebody wants everything. A line with a carriage return belongs to
    a progress bar and is not waited for.

    As long as only one of them has given anything, nothing is copied: it is read where it is.

    Args:
        sources: what is joined.
        into: what comes out, once several have given something.
        taken: how far each source is in it already.
        open: the number of the source whose line is begun.
        copied: whether what is taken is in ``into``.

    Attributes:
        result: where everything is that was joined, and perhaps something behind it.
    """

    def __init__(
        self,
        sources: list[Source],
        into: Growing,
        taken: list[int] | None = None,
        open: int | None = None,  # noqa: A002 - a line is open
        copied: bool = False,
    ) -> None:
        self.sources = sources
        self.into = into
        self.taken = taken or [0] * len(sources)
        self.open = open
        self._copied = copied
        self.result: Source = into

    @property
    def size(self) -> int:
        """How many bytes were joined."""
        return self.into.size if self._copied else max(self.taken)

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on; nobody asks for more than :attr:`size`."""
        # Another thread may be copying: the bytes are the same.
        return self.result.read(start, limit)

    def copy(self) -> None:
        """Have everything in ``into`` from here on."""
        if not self._copied:
            size = max(self.taken)
            for data in chunks_of(self.sources[self.taken.index(size)], 0, size):
                self.into.append(data)
            self._copied, self.result = True, self.into

    def step(self, everything: bool = False, final: bool = False) -> bool:
        """Join what is new; whether there was anything.

        Args:
            everything: also into the middle of a line.
            final: also half a character.
        """
        found = False
        numbers = list(range(len(self.sources)))
        if self.open is not None:
            numbers.sort(key=lambda number: number != self.open)
        elif everything:
            # Whoever is in the middle of a line comes last, so that nothing is put into that line.
            numbers.sort(key=lambda number: not self._ends_a_line(number))
        for number in numbers:
            if everything or self.open in (None, number):
                found = self._take(number, final) or found
        return found

    def _ends_a_line(self, number: int) -> bool:
        source = self.sources[number]
        return source.size == self.taken[number] or source.read(source.size - 1, 1) == b"\n"

    def _take(self, number: int, final: bool) -> bool:
        source = self.sources[number]
        start = self.taken[number]
        end = source.size
        found = False
        if start < end and not self._copied:
            if sum(self.taken) > start:
                self.copy()
            else:
                self.result, start = source, max(start, end - _LOOK)
        while start < end:
            data = source.read(start, min(CHUNK, end - start))
            if not final:
                data = whole(data)
            if not data:
                break
            if self._copied:
                self.into.append(data)
            start = self.taken[number] = start + len(data)
            line = data[data.rfind(b"\n") + 1 :]
            self.open = number if line and b"\r" not in line else None
            found = True
        return found


def whole(data: bytes) -> bytes:
    """The bytes without a character at their end that is not complete."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte & 0xC0 != 0x80:
            wanted = 1 if byte < 0xC0 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return data if back >= wanted else data[:-back]
    return data


# ------------------------------------------------------------------------------------------------ after a crash


def resume_merge(folder: str, state: dict[str, Any] | None = None) -> int:
    """Complete ``output`` in the folder of a run whose process is gone, and say how many bytes it has.

    What is missing is taken from the files that the descriptors led into, which get what was staged for them before.
    Nothing is raised for files that are missing, and doing it twice does no harm.

    Args:
        folder: of the run.
        state: what :meth:`hallow.running.raw.Raw.state` gave last, or ``None`` if that is not known.

    Raises:
        OSError: if ``output`` cannot be written.
    """
    path = os.path.join(folder, OUTPUT)
    state = state or _state_of(folder)
    for place in _folders(folder, state):
        take_in_staged(place, lambda number, place=place: _name_in(place, number))  # type: ignore[misc]
    sources: list[Source] = [_Stored(folder, source["segments"]) for source in state["sources"]]
    if not sources or (len(sources) == 1 and _size(path) >= sources[0].size):
        return _size(path)
    output = Growing(path)
    output.base = state.get("base", 0)
    taken = [source["taken"] for source in state["sources"]]
    copied = len(sources) > 1 and state["size"] <= output.size
    output.cut(state["size"] if copied else 0)
    if copied or taken.count(0) == len(taken) - 1:
        merge = Merge(sources, output, taken, state["open"], copied)
        merge.copy()
    else:  # not all of it reached the disk
        merge = Merge(sources, output, copied=True)
    merge.step(everything=True, final=True)
    size = output.size
    output.close()
    return size


def _state_of(folder: str) -> dict[str, Any]:
    names = [name for name in map(own_name, (1, 2, 0)) if os.path.exists(os.path.join(folder, name))]
    return {"size": 0, "open": None, "sources": [{"segments": [[name, 0, None]], "taken": 0} for name in names]}


def _folders(folder: str, state: dict[str, Any]) -> list[str]:
    """The folders of the files that were written to last: that of the run, and of a run around it."""
    ends = [source["segments"][-1] for source in state["sources"] if source["segments"]]
    others = [os.path.dirname(os.path.join(folder, name)) for name, _, end in ends if end is None]
    return list(dict.fromkeys([folder, *others]))


def _name_in(folder: str, number: int) -> str:
    name = own_name(number)
    return name if os.path.exists(os.path.join(folder, name)) else OUTPUT


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


class _Stored:
    """Segments of files that nobody writes to any more."""

    def __init__(self, folder: str, segments: list[list[Any]]) -> None:
        self._pieces: list[tuple[OpenFile, int, int]] = []
        for name, start, end in segments:
            path = os.path.join(folder, name)
            size = _size(path)
            end = size if end is None else min(end, size)
            if start < end:
                file = OpenFile(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)), path)
                self._pieces.append((file, start, end))

    @property
    def size(self) -> int:
        return sum(end - start for _, start, end in self._pieces)

    def read(self, start: int, limit: int) -> bytes:
        for file, begin, end in self._pieces:
            if start < end - begin:
                return file.read(begin + start, min(limit, end - begin - start))
            start -= end - begin
        return b""
