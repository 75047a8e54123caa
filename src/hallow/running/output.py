"""The text of a run as it is to be stored, made from the bytes it printed, and what each reader still lacks of it.

The text grows at its end, but may also change further up: a progress bar rewrites its line. A reader therefore keeps
a :class:`Cursor`, and what it is given replaces everything after a position. Positions are bytes of UTF-8.
"""

from __future__ import annotations

import os
import threading
from codecs import getincrementaldecoder
from logging import getLogger
from typing import TYPE_CHECKING, Any, Protocol
from weakref import WeakSet

from hallow.journal.layout import TEXT
from hallow.running.growing import CHUNK, Growing, chunks_of
from hallow.running.merging import whole
from hallow.running.shaping import shaper_for
from hallow.running.terminal import LINES

if TYPE_CHECKING:
    from collections.abc import Callable
    from logging import Logger

__all__ = ["Cursor", "Output", "RawBytes"]

# A cut beside the gap is moved to the end of a line if there is one within so many bytes.
_NEAR = 1000
# The last lines are looked for within so many bytes.
_OPEN = 1 << 18


class RawBytes(Protocol):
    """Where the bytes come from."""

    @property
    def size(self) -> int:
        """How many there are."""

    def pull(self, everything: bool = False) -> None:
        """Gather what is still on its way."""

    def read(self, start: int, limit: int) -> bytes:
        """At most ``limit`` bytes from ``start`` on."""


class Cursor:
    """How far one reader has stored the text.

    Attributes:
        position: bytes of the text that the reader has, and that are still right.
        stored: bytes that the reader has, right or not.
    """

    __slots__ = ("__weakref__", "_edited", "position", "stored")

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self.stored = position
        # The lowest edit since the last reading.
        self._edited: int | None = None

    def move(self, end: int) -> None:
        """Say that the reader stored what was read, up to ``end``; edits meanwhile are not forgotten."""
        self.stored = end
        self.position = end if self._edited is None else min(end, self._edited)

    def _begin(self) -> int:
        self._edited = None
        return self.position

    def _lower(self, position: int) -> None:
        self.position = min(self.position, position)
        self._edited = position if self._edited is None else min(position, self._edited)


class Output:
    r"""Decodes, filters, folds and cuts what a run printed.

    As long as the bytes are the text, no second copy is made. Otherwise the text is in a file: ``text`` in the
    folder, or one without a name. Only a filter that wants everything each time keeps everything in memory.

    Args:
        raw: the bytes.
        folder: where the text may be kept.
        filter: the user's; see :mod:`hallow.running.shaping`.
        fold: whether ``\r``, ``\b`` and cursor movements are carried out.
        cap: the most bytes that are stored: head and tail, with a line in between about what is missing. While the
            run goes on, only the head is there. ``None``: no limit.
        log: is told when the filter fails.
    """

    def __init__(
        self,
        raw: RawBytes,
        folder: str | None = None,
        filter: Callable[[str], str] | None = None,  # noqa: A002 - what it is called everywhere
        fold: bool = True,
        cap: int | None = None,
        log: Logger | None = None,
    ) -> None:
        self._raw = raw
        self._folder = folder
        self._fold = fold
        self._cap = cap
        self._shaper = shaper_for(filter, fold, log or getLogger("hallow.capture"))
        # The text, once it differs from the bytes.
        self._store: Growing | None = None
        self._decoder: Any = getincrementaldecoder("utf-8")("strict")
        self._taken = 0
        # The text is what is final and what may change.
        self._final = 0
        self._tail = b""
        self._ended = False
        self._cursors: WeakSet[Cursor] = WeakSet()
        # Guards all of the above. One that the same thread may take again: a filter may ask for the text.
        self._lock = threading.RLock()
        self._pid = os.getpid()
        if filter is not None:
            self._leave_identity()

    def _guard(self) -> Any:
        if self._pid != os.getpid():
            # A thread that a forked child does not have may have held it.
            self._pid, self._lock, self._ended = os.getpid(), threading.RLock(), True
            self._raw = _Nothing()
        return self._lock

    # ---------------------------------------------------------------------------------------------- writing

    def advance(self, final: bool = False) -> None:
        """Take in what was printed by now.

        Args:
            final: nothing more is printed: also what waits for its other half, and the tail of what is cut.
        """
        with self._guard():
            self._raw.pull(everything=True)
            end = self._raw.size
            while self._taken < end:
                data = self._raw.read(self._taken, min(CHUNK, end - self._taken))
                if not data:
                    break
                self._taken += len(data)
                self._feed(data)
            if final:
                self._feed(b"", final=True)
            self._shaper.settle(final)
            self._publish()
            if final or self._ended:
                self._end()

    def _feed(self, data: bytes, final: bool = False) -> None:
        if self._store is None:
            before = self._decoder.getstate()
            if self._stands_for_itself(data, final):
                self._final = self._taken - len(self._decoder.getstate()[0])
                return
            self._leave_identity()
            self._decoder.setstate(before)
        text = self._decoder.decode(data, final)
        if text:
            self._shaper.feed(text)
            self._publish()  # in the middle of a long reading, what piles up must get out of memory

    def _stands_for_itself(self, data: bytes, final: bool) -> bool:
        """Whether bytes are the text; takes them into the decoder."""
        if self._fold and any(sign in data for sign in (b"\r", b"\b", b"\x1b")):
            return False
        if data.isascii() and not self._decoder.getstate()[0]:  # nothing that the decoder would have to see
            return True
        try:
            self._decoder.decode(data, final)
        except UnicodeDecodeError:
            return False
        return True

    def _leave_identity(self) -> None:
        """From here on the text is kept on its own, and its last lines may change."""
        self._decoder = getincrementaldecoder("utf-8")("replace")
        end = self._final
        self._store = store = self._new_store()
        for data in chunks_of(self._raw, 0, end):
            store.append(data)
        begin = self._begin_of_last_lines(end)
        self._shaper.feed(self._raw.read(begin, end - begin).decode("utf-8", "replace"))
        self._final = begin + len(encoded(self._shaper.take()))
        self._tail = encoded(self._shaper.tail())

    def _begin_of_last_lines(self, end: int) -> int:
        """Where the lines begin that can still change."""
        if not self._fold or not end:
            return end
        begin = max(0, end - _OPEN)
        data = self._raw.read(begin, end - begin)
        place = len(data)
        for _ in range(LINES):
            place = data.rfind(b"\n", 0, place)
            if place < 0:
                return begin if not begin else end  # so long a line is final
        return begin + place + 1

    def _new_store(self) -> Growing:
        if self._folder is not None:
            try:
                return Growing(os.path.join(self._folder, TEXT), empty=True)
            except OSError as error:
                getLogger("hallow.capture").warning("The text of the output cannot be kept in the journal: %s", error)
        return Growing()

    def _publish(self) -> None:
        """Bring the stored text up to what the shaper has."""
        if self._store is None:
            return
        done = encoded(self._shaper.take())
        tail = encoded(self._shaper.tail())
        new = done + tail
        same = common_prefix(self._tail, new)
        position = self._final + same
        if same < len(new) or same < len(self._tail):
            self._store.cut(position)
            self._store.append(new[same:])
        edited = same < len(self._tail)
        self._final += len(done)
        self._tail = tail
        if edited:
            self._edit(position)

    def _edit(self, position: int) -> None:
        for cursor in self._cursors:
            cursor._lower(position)

    def _end(self) -> None:
        self._ended = True
        pieces = self._pieces()
        if len(pieces) > 1:
            self._edit(len(pieces[0]))

    # ---------------------------------------------------------------------------------------------- reading

    @property
    def size(self) -> int:
        """Bytes of UTF-8 that are to be stored by now."""
        with self._guard():
            return sum(map(len, self._pieces()))

    def cursor(self, position: int = 0) -> Cursor:
        """A cursor for a reader who has ``position`` bytes already."""
        with self._guard():
            cursor = Cursor(position)
            self._cursors.add(cursor)
            return cursor

    def behind(self, cursor: Cursor) -> bool:
        """Whether the reader lacks something, or has something that is not right any more."""
        with self._guard():
            return cursor.position != cursor.stored or cursor.position < self.size

    def read(self, cursor: Cursor, limit: int = 1 << 22) -> tuple[int, str, int]:
        """What comes next for a reader: ``(position, text, end)``.

        The text replaces everything the reader has after ``position``; ``cursor.move(end)`` says that it is stored.
        The text is empty if nothing is new, or if only something has to go (see :meth:`behind`).

        Args:
            cursor: the reader's.
            limit: about how many bytes, at least 4; no character is split.
        """
        position, data = self.read_bytes(cursor, limit)
        return position, data.decode("utf-8", "replace"), position + len(data)

    def read_bytes(self, cursor: Cursor, limit: int) -> tuple[int, bytes]:
        """The position and the text of :meth:`read`, in UTF-8."""
        with self._guard():
            position = min(cursor._begin(), self.size)
            return position, whole(self._bytes(position, max(4, limit)))

    def text(self) -> str:
        """Everything that is to be stored by now."""
        with self._guard():
            return self._bytes(0, self.size).decode("utf-8", "replace")

    def state(self) -> dict[str, Any]:
        """How far the text is, for who goes on after a crash: bytes taken, and of text that will not change."""
        with self._guard():
            return {"raw": self._taken, "text": None if self._store is None else self._final}

    def close(self) -> None:
        """Let go of files; the text cannot be read any more."""
        with self._guard():
            if self._store is not None:
                self._store.close()

    def _bytes(self, position: int, limit: int) -> bytes:
        """Bytes of the text as it is shown."""
        found = []
        for piece in self._pieces():
            if position < len(piece) and limit > 0:
                data = piece.read(position, limit)
                found.append(data)
                limit -= len(data)
                position = len(piece)
            position -= len(piece)
        return b"".join(found)

    def _all(self, start: int, limit: int) -> bytes:
        """Bytes of the text without a cap."""
        return (self._raw if self._store is None else self._store).read(start, limit)

    def _pieces(self) -> list[_Piece]:
        """What is shown of the text."""
        total = self._final + len(self._tail)
        if self._cap is None or total <= self._cap:
            return [_Piece(self._all, 0, total)]
        if not self._ended:
            return [_Piece(self._all, 0, self._head(self._cap))]
        half = self._cap // 2
        head = self._head(half, near=min(_NEAR, half // 4))
        tail = self._begin_of_tail(total - half, near=min(_NEAR, half // 4))
        newline = "" if self._all(max(0, head - 1), 1) in (b"", b"\n") else "\n"
        marker = f"{newline}[... {tail - head} bytes left out ...]\n".encode()
        return [
            _Piece(self._all, 0, head),
            _Piece(lambda start, limit: marker[start : start + limit], 0, len(marker)),
            _Piece(self._all, tail, total),
        ]

    def _head(self, end: int, near: int = 0) -> int:
        """A place to cut at or before ``end``: behind a line that ends ``near``, else behind a character."""
        begin = max(0, end - max(near, 4))
        data = whole(self._all(begin, end - begin))
        line = data.rfind(b"\n") + 1 if near else 0
        return begin + (line or len(data))

    def _begin_of_tail(self, start: int, near: int) -> int:
        """A place to begin at or after ``start``."""
        data = self._all(start, max(near, 4))
        line = data.find(b"\n", 0, near) + 1
        if line:
            return start + line
        skip = 0
        while skip < len(data) and data[skip] & 0xC0 == 0x80:
            skip += 1
        return start + skip


class _Piece:
    """A range of something that can be read."""

    __slots__ = ("_end", "_read", "_start")

    def __init__(self, read: Callable[[int, int], bytes], start: int, end: int) -> None:
        self._read = read
        self._start = start
        self._end = end

    def __len__(self) -> int:
        return self._end - self._start

    def read(self, start: int, limit: int) -> bytes:
        return self._read(self._start + start, min(limit, len(self) - start))


class _Nothing:
    """In a forked child: what is printed there is the parent's to read."""

    size = 0

    def pull(self, everything: bool = False) -> None:
        """There is nothing."""

    def read(self, start: int, limit: int) -> bytes:  # noqa: ARG002 - the interface
        """There is nothing."""
        return b""


# ------------------------------------------------------------------------------------------------------- bytes


def encoded(text: str) -> bytes:
    """UTF-8, whatever a filter returned."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def common_prefix(old: bytes, new: bytes) -> int:
    """The length of what both begin with, without the first half of a character."""
    if new.startswith(old):
        return len(old)
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    while low and low < len(new) and new[low] & 0xC0 == 0x80:
        low -= 1
    return low
