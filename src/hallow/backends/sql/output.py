"""Captured output: whole and in pieces in a table of ours, and as text for readers of Sacred's column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Integer, Text, bindparam, delete, func, insert, select, update

from hallow.backends.sql.contents import as_bytes
from hallow.backends.sql.layout import hallow_output, plain, raw, run

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["Shown", "output_size", "read_output", "write_output"]

#: Characters up to which ``captured_out`` has the whole output.
LIMIT = 1 << 18
#: Characters that are kept of a longer one.
KEPT = 1 << 17
#: What stands before them.
MARKER = "[... the beginning is left out; the table hallow_output has all of it ...]\n"

_PIECE = 1 << 16
_REMEMBERED = 1 << 13
_OUTPUT = raw(hallow_output)
# Made once: to put a statement together costs more than to have it carried out.
_TEXT = func.coalesce(run.c.captured_out, "")
_KEPT_TEXT = func.substr(_TEXT, bindparam("start", type_=Integer), bindparam("count", type_=Integer), type_=Text)
_SHOW = (
    update(run)
    .where(run.c.id == bindparam("this"), func.length(_TEXT) == bindparam("length", type_=Integer))
    .values(captured_out=bindparam("prefix", type_=Text) + _KEPT_TEXT + bindparam("new", type_=Text))
)


@dataclass(frozen=True)
class Shown:
    """What is in ``captured_out``, as far as adding to it needs it.

    Attributes:
        length: characters.
        end: bytes of the output up to which it goes.
        recent: the last of these bytes.
    """

    length: int = 0
    end: int = 0
    recent: bytes = b""

    def length_before(self, position: int) -> int | None:
        """How many characters there are up to a position in bytes, if it is near the end."""
        taken_back = self.end - position
        if not 0 <= taken_back <= len(self.recent):
            return None
        return self.length - len(_text(self.recent[len(self.recent) - taken_back :]))

    def after(self, length: int, position: int, data: bytes) -> Shown:
        """What is there when ``data`` has been put behind ``position``."""
        before = self.recent[: len(self.recent) - (self.end - position)]
        return Shown(length, position + len(data), (before + data)[-_REMEMBERED:])


def write_output(
    connection: Connection, key: int, shown: Shown | None, position: int, data: bytes, is_again: bool = False
) -> Shown:
    """Replace everything after ``position`` bytes.

    Args:
        connection: in a transaction.
        key: ``run.id``.
        shown: what this gave the last time; ``None`` if that is not known.
        position: in bytes.
        data: UTF-8.
        is_again: whether this may have been done already, and only the answer was lost.
    """
    ours = hallow_output.c.run == key
    is_end = shown is not None and position == shown.end
    if is_again or not is_end:
        connection.execute(delete(hallow_output).where(ours, hallow_output.c.position >= position))
    if not is_end:
        _cut_last(connection, key, position)
    pieces = [
        {"run": key, "position": position + start, "data": data[start : start + _PIECE]}
        for start in range(0, len(data), _PIECE)
    ]
    if pieces:
        connection.execute(insert(hallow_output), pieces)
    return _show(connection, key, shown, position, data) or _show_again(connection, key)


def _cut_last(connection: Connection, key: int, position: int) -> None:
    """Shorten the piece that goes beyond a position."""
    pieces = hallow_output.c
    last = select(pieces.position, func.length(pieces.data)).where(pieces.run == key, pieces.position < position)
    found = connection.execute(last.order_by(pieces.position.desc()).limit(1)).first()
    if found is not None and found[0] + (found[1] or 0) > position:
        this = (pieces.run == key) & (pieces.position == found[0])
        shorter = func.substr(pieces.data, 1, position - found[0])
        connection.execute(update(hallow_output).where(this).values(data=shorter))


def _show(connection: Connection, key: int, shown: Shown | None, position: int, data: bytes) -> Shown | None:
    """Bring ``captured_out`` up to date without sending it; ``None`` if it does not have what it should have."""
    before = None if shown is None else shown.length_before(position)
    if shown is None or before is None:
        return None
    new = _text(data)
    start, prefix = 1, ""
    if before + len(new) > LIMIT:
        prefix, new = MARKER, new[-KEPT:]
        start = before - (KEPT - len(new)) + 1
    values = {"prefix": prefix, "start": start, "count": before - start + 1, "new": new}
    done = connection.execute(_SHOW, {**values, "this": key, "length": shown.length})
    if done.rowcount != 1:
        return None
    return shown.after(len(prefix) + before - start + 1 + len(new), position, data)


def _show_again(connection: Connection, key: int) -> Shown:
    """Write ``captured_out`` anew from what is stored."""
    size = output_size(connection, key)
    data = read_output(connection, key, max(0, size - LIMIT), size)
    text = _text(data)
    if size > LIMIT:
        text = MARKER + text[-KEPT:]
    connection.execute(update(run).where(run.c.id == key).values(captured_out=text))
    return Shown(len(text), size, data[-_REMEMBERED:])


def _text(data: bytes) -> str:
    return plain(data.decode("utf-8", "replace"))


def output_size(connection: Connection, key: int) -> int:
    """Bytes that are stored."""
    last = select(_OUTPUT.c.position, func.length(_OUTPUT.c.data)).where(_OUTPUT.c.run == key)
    found = connection.execute(last.order_by(_OUTPUT.c.position.desc()).limit(1)).first()
    return 0 if found is None else int(found[0]) + int(found[1] or 0)


def read_output(connection: Connection, key: int, start: int, stop: int) -> bytes:
    """The bytes from ``start`` to before ``stop``; fewer where the output ends."""
    ours = _OUTPUT.c.run == key
    first = connection.execute(select(func.max(_OUTPUT.c.position)).where(ours, _OUTPUT.c.position <= start)).scalar()
    wanted = select(_OUTPUT.c.data).where(ours, _OUTPUT.c.position >= (first or 0), _OUTPUT.c.position < stop)
    pieces = connection.execute(wanted.order_by(_OUTPUT.c.position)).scalars().all()
    found = b"".join(as_bytes(piece) or b"" for piece in pieces)
    return found[max(0, start - (first or 0)) : max(0, stop - (first or 0))]
