"""The output of runs: the whole of it in chunks, and what a run document shows of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.driver import insert_new
from hallow.backends.mongo.layout import CHUNK, KEPT, SHOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.backends.mongo.database import Database

__all__ = ["OutputLog", "ShownOutput", "output_size", "read_output"]

#: Bytes of the last chunk up to which it is written again with what comes next, so that chunks do not get too many.
_SMALL = 1 << 10


class OutputLog:
    """Writes the output of one run.

    Args:
        database: the store.
        run_id: of the run.
        is_new: whether the run has no output yet.
    """

    def __init__(self, database: Database, run_id: Any, is_new: bool) -> None:
        self._database = database
        self._run_id = run_id
        # How many bytes are stored; None as long as that is not certain.
        self._end: int | None = 0 if is_new else None
        # Where the last chunk begins; None if there is none.
        self._start: int | None = None
        self._last = b""

    def write(self, position: int, data: bytes) -> None:
        """Replace everything after ``position`` bytes."""
        kept = self._start
        if self._end is None or position < (kept or 0):
            self._remove(position)
            start = position
        else:
            start, data = self._joined(position, data)
        self._end = None
        chunks = list(_chunks(start, data))
        documents = [self._document(place, piece) for place, piece in chunks]
        if start == kept:
            head = documents.pop(0)
            self._database.output.replace_one({"_id": head["_id"]}, head, upsert=True)
        if documents:
            insert_new(self._database.output, documents, lambda: self._remove(documents[0]["start"]))
        self._start, self._last = chunks[-1]
        self._end = start + len(data)

    def _remove(self, position: int) -> None:
        self._end = None
        self._database.output.delete_many({"run_id": self._run_id, "start": {"$gte": position}})

    def _joined(self, position: int, data: bytes) -> tuple[int, bytes]:
        """With what is to be kept of the last chunk, if that is little."""
        if self._start is None:
            return position, data
        kept = position - self._start
        return (self._start, self._last[:kept] + data) if kept <= _SMALL else (position, data)

    def _document(self, start: int, data: bytes) -> dict[str, Any]:
        identity = {"run": self._run_id, "start": start}
        return {"_id": identity, "run_id": self._run_id, "start": start, "size": len(data), "data": data}


def _chunks(start: int, data: bytes) -> Iterator[tuple[int, bytes]]:
    """Pieces of whole characters, each with its place; one, if there is nothing."""
    place = 0
    while place == 0 or place < len(data):
        end = _boundary(data, place + CHUNK)
        yield start + place, data[place:end]
        place = max(end, place + 1)


def _boundary(data: bytes, place: int) -> int:
    """The place, or where the character begins that it is in the middle of."""
    if place >= len(data):
        return len(data)
    for begin in range(place, max(0, place - 4), -1):
        if data[begin] & 0xC0 != 0x80:
            return begin
    return place  # no UTF-8


def output_size(database: Database, run_id: Any) -> int | None:
    """How many bytes of output are stored; ``None`` if there are no chunks."""
    last = database.output.find_one({"run_id": run_id}, {"data": 0}, sort=[("start", -1)])
    return None if last is None else int(last["start"]) + int(last["size"])


def read_output(database: Database, run_id: Any, start: int, stop: int) -> bytes | None:
    """The bytes from ``start`` to before ``stop``; ``None`` if there are no chunks."""
    if output_size(database, run_id) is None:
        return None
    near = {"run_id": run_id, "start": {"$gt": start - CHUNK - 1, "$lt": stop}}
    found = bytearray()
    begin = start
    for chunk in database.output.find(near).sort("start", 1):
        if chunk["start"] <= start:
            begin, found = chunk["start"], bytearray(chunk["data"])
        elif chunk["start"] <= begin + len(found):
            found[chunk["start"] - begin :] = chunk["data"]
        else:
            break  # something is missing
    return bytes(found[start - begin : stop - begin])


class ShownOutput:
    """What a run document shows of the output: all of a short one, else its end.

    Args:
        data: the output, or its end.
        start: where in the output that begins.
        is_stored: whether the document shows just this.
    """

    def __init__(self, data: bytes = b"", start: int = 0, is_stored: bool = True) -> None:
        self._data, self._start, self._lead = b"", 0, 0  # the lead is the line that says what is left out
        self._begin(start, data)
        self._is_stored = is_stored and self._data == data
        # How many bytes at the beginning of the document's text are certain to be what they are here.
        self._certain: int | None = len(data) if self._is_stored else None
        self.can_append = True

    @property
    def text(self) -> str:
        """The text of ``captured_out``."""
        return self._data.decode("utf-8", "replace")

    def write(self, position: int, data: bytes) -> None:
        """Replace everything after ``position`` bytes of the output."""
        self._is_stored = False
        if position < self._start:
            self._begin(position, data)
            return
        kept = self._lead + position - self._start
        self._data = self._data[:kept] + data
        if self._certain is not None:
            self._certain = min(self._certain, kept)
        if len(self._data) > SHOWN:
            self._begin(self._start, self._data[self._lead :])

    def _begin(self, start: int, data: bytes) -> None:
        """Show data, or the end of long ones, behind a line if something is left out."""
        skipped = _line(data, len(data) - KEPT) if len(data) > SHOWN else _character(data, 0)
        self._start = start + skipped
        lead = b"[... %d bytes of output before this are not shown here ...]\n" % self._start if self._start else b""
        self._lead = len(lead)
        self._data = lead + data[skipped:]
        self._certain = None

    def changes(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """What brings the document up to date: stages of an update that append to the text, or a field to be set.

        Sent again, they change nothing.
        """
        if self._is_stored:
            return [], {}
        if not self._certain or not self.can_append:
            return [], {"captured_out": self.text}
        kept = {"$substrBytes": ["$captured_out", 0, self._certain]}
        new = {"$literal": self._data[self._certain :].decode("utf-8", "replace")}
        return [{"$set": {"captured_out": {"$concat": [kept, new]}}}], {}

    def stored(self) -> None:
        """The document is up to date."""
        self._certain = len(self._data)
        self._is_stored = True


def _line(data: bytes, place: int) -> int:
    """Where a line begins, a little behind a place, or else a character."""
    newline = data.find(b"\n", place, place + _SMALL)
    return _character(data, place) if newline < 0 else newline + 1


def _character(data: bytes, place: int) -> int:
    while place < len(data) and data[place] & 0xC0 == 0x80:
        place += 1
    return place
