"""What grows, in objects that cannot be appended to: see :mod:`hallow.backends.objects.layout`."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hallow.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hallow.backends.objects.access import Objects

__all__ = ["PieceWriter", "chain", "read_pieces"]

_FAN_IN = 16  # pieces that become one
_FULL = 32 << 10  # bytes from which on a piece stays as it is
_AT_ONCE = 8 << 20  # bytes of pieces that are read together
_ATTEMPTS = 5  # to read while the writer merges
_LAST = 3  # level of a piece that stays as it is

_NAME = re.compile(r"(\d{15,18})-(\d{15,18})(?:\.\w+)?")


@dataclass
class Piece:
    """One object.

    Attributes:
        name: of the object.
        start: of what it holds.
        end: first after that.
        size: bytes.
        data: the content, while it may be merged.
        level: how often it was merged.
    """

    name: str
    start: int
    end: int
    size: int
    data: bytes | None = None
    level: int = _LAST


def chain(listing: dict[str, int]) -> tuple[list[Piece], list[Piece]]:
    """The pieces that count, in order, and the others.

    Args:
        listing: name to bytes; other names than those of pieces are left out.
    """
    used: list[Piece] = []
    others: list[Piece] = []
    position = 0
    for piece in sorted(_pieces(listing), key=lambda piece: (piece.start, -piece.end)):
        if piece.start <= position < piece.end:
            used.append(piece)
            position = piece.end
        else:
            others.append(piece)
    return used, others


def _pieces(listing: dict[str, int]) -> Iterator[Piece]:
    for name, size in listing.items():
        found = _NAME.fullmatch(name.rpartition("/")[2])
        if found:
            yield Piece(name, int(found[1]), int(found[2]), size)


def read_pieces(
    objects: Objects, folder: str, start: int = 0, stop: int | None = None
) -> Iterator[tuple[Piece, int, bytes]]:
    """The pieces that hold something between ``start`` and ``stop``.

    Yields:
        a piece, how much of what it holds came before already, and its content.

    Raises:
        RecordError: if they are removed while they are read.
    """
    position = start
    for _ in range(_ATTEMPTS):
        pieces, _others = chain(objects.below(folder))
        wanted = [piece for piece in pieces if piece.end > position and (stop is None or piece.start < stop)]
        for piece, content in _contents(objects, wanted):
            if content is None:
                break  # merged meanwhile: what it held is in another one
            yield piece, max(0, position - piece.start), content
            position = piece.end
        else:
            return
    raise RecordError(f"{folder} in {objects.url} changes while it is read; read it again")


def _contents(objects: Objects, pieces: Iterable[Piece]) -> Iterator[tuple[Piece, bytes | None]]:
    """Each piece with its content, ``None`` for one that is not there."""
    for batch in _batches(pieces):
        missing = [piece.name for piece in batch if piece.data is None]
        found = objects.read_many(missing) if missing else {}
        for piece in batch:
            yield piece, found.get(piece.name) if piece.data is None else piece.data


def _batches(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    batch: list[Piece] = []
    size = 0
    for piece in pieces:
        if batch and size + piece.size > _AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(piece)
        size += piece.size
    if batch:
        yield batch


class PieceWriter:
    """Writes what grows.

    What is read at any moment, whatever fails or is killed, is what was written up to some point of it.

    Args:
        objects: where.
        folder: name before the last slash of the names of the pieces.
        suffix: their end.
        cut: gives the first so many points, or bytes, or files of a content.

    Attributes:
        end: how much there is, in points, bytes, or files.
        size: in bytes.
        changes: how often something was written.
    """

    def __init__(self, objects: Objects, folder: str, suffix: str, cut: Callable[[bytes, int], bytes]) -> None:
        self._objects = objects
        self._folder = folder
        self._suffix = suffix
        self._cut = cut
        self._pieces: list[Piece] = []
        # What is to be done yet: contents to be written and names to be removed. What fails is done first next time,
        # because it cannot be told how far it came.
        self._steps: deque[tuple[str, bytes] | list[str]] = deque()
        self.end = self.size = self.changes = 0

    def take_up(self) -> None:
        """Go on after what an earlier process left; nothing is changed before there is more."""
        pieces, others = chain(self._objects.below(self._folder))
        self._keep(pieces)
        self._steps.append([piece.name for piece in others])

    def write(self, position: int, contents: Sequence[tuple[int, bytes]]) -> None:
        """Replace everything after ``position``.

        Args:
            position: in points, bytes, or files.
            contents: how much each of them holds, and the content.

        Raises:
            StoreError: if that fails; to be called again with the same, or the same with more behind it.
            RecordError: if there is less than that before it.
        """
        self._carry_out()
        if position > self.end:
            raise RecordError(
                f"{self._folder} in {self._objects.url} ends at {self.end}, so nothing can be written at {position}; "
                "part of the record was removed"
            )
        if position < self.end:
            self._shorten(position)
        else:
            self._merge()
        for count, content in contents:
            if count:
                self._append(self.end, self.end + count, content)
        self.changes += 1
        self._carry_out()

    def read(self) -> Iterator[bytes]:
        """The contents in order.

        Raises:
            RecordError: if one was removed.
        """
        self._carry_out()
        for piece, content in _contents(self._objects, self._pieces):
            if content is None:
                raise self._removed(piece)
            yield content

    def _removed(self, piece: Piece) -> RecordError:
        return RecordError(f"{piece.name} was removed from {self._objects.url}")

    # ----------------------------------------------------------------------------------------------- planning

    def _append(self, start: int, end: int, content: bytes) -> None:
        name = self._placed(start, end, content, 0).name
        for step in self._steps:
            if isinstance(step, list) and name in step:
                step.remove(name)  # it is overwritten
        self._steps.append((name, content))

    def _placed(self, start: int, end: int, content: bytes, level: int) -> Piece:
        """A further piece, which is not written yet."""
        name = f"{self._folder}/{start:015d}-{end:015d}{self._suffix}"
        full = len(content) >= _FULL or level >= _LAST
        piece = Piece(name, start, end, len(content), None if full else content, _LAST if full else level)
        self._pieces.append(piece)
        self.end = end
        self.size += piece.size
        return piece

    def _keep(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self.end = pieces[-1].end if pieces else 0
        self.size = sum(piece.size for piece in pieces)

    def _shorten(self, position: int) -> None:
        """Plan to remove what comes after a position; before anything else, so that nothing is left behind a gap."""
        across = next((piece for piece in self._pieces if piece.start < position < piece.end), None)
        kept = b"" if across is None else self._cut(self._content(across), position - across.start)
        self._steps.append([piece.name for piece in self._pieces if piece.start >= position])
        self._keep([piece for piece in self._pieces if piece.end <= position])
        if across is not None:
            self._append(across.start, position, kept)
            self._steps.append([across.name])  # counts until then, because it is the longer one

    def _content(self, piece: Piece) -> bytes:
        if piece.data is not None:
            return piece.data
        try:
            return self._objects.read(piece.name)
        except FileNotFoundError:
            raise self._removed(piece) from None

    def _merge(self) -> None:
        """Plan to make one piece of the last small ones, if there are enough of one level."""
        made: list[Piece] = []
        old: list[str] = []
        merged = b""
        while tail := self._last_of_one_level():
            merged = b"".join(piece.data or b"" for piece in tail)
            old += [piece.name for piece in tail if piece not in made]
            del self._pieces[-_FAN_IN:]
            self.size -= len(merged)
            made.append(self._placed(tail[0].start, tail[-1].end, merged, tail[0].level + 1))
        if made:
            self._steps += [(made[-1].name, merged), old]

    def _last_of_one_level(self) -> list[Piece]:
        tail = self._pieces[-_FAN_IN:]
        alike = len(tail) == _FAN_IN and {piece.level for piece in tail} == {tail[0].level}
        return tail if alike and tail[0].level < _LAST else []

    def _carry_out(self) -> None:
        while self._steps:
            step = self._steps[0]
            if isinstance(step, tuple):
                self._objects.write(*step)
            elif step:
                self._objects.remove(step)
            self._steps.popleft()
