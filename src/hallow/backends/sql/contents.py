"""Contents of files in rows: in the column that Sacred has for them, or in pieces."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, select

from hallow.backends.sql.layout import PIECE, hallow_content, metadata, plain, raw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import ColumnElement, Connection, Table
    from typing_extensions import Buffer

__all__ = ["Pieces", "add_bytes", "add_row", "add_text", "as_bytes", "piece", "remove", "size_in_pieces", "whole"]

#: Bytes up to which a content is kept in Sacred's column.
WHOLE = 4 * PIECE

_content = raw(hallow_content)


def add_bytes(connection: Connection, table: Table, values: dict[str, Any], filename: str) -> int:
    """Insert a row with the content of a file, which is never in memory as a whole if it is large; gives its number.

    Raises:
        OSError: if the file cannot be read.
    """
    with open(filename, "rb") as file:
        if os.fstat(file.fileno()).st_size <= WHOLE:
            return add_row(connection, table, {**values, "content": file.read()})
        owner = add_row(connection, table, values)
        _add_pieces(connection, table, owner, iter(lambda: file.read(PIECE), b""))
    return owner


def add_text(connection: Connection, table: Table, values: dict[str, Any], content: bytes) -> int:
    """Insert a row with a content that is text as a rule; other bytes are kept as they are, beside a text like them."""
    text = plain(content.decode("utf-8", "replace"))
    owner = add_row(connection, table, {**values, "content": text})
    if text.encode() != content:
        pieces = (content[start : start + PIECE] for start in range(0, len(content), PIECE))
        _add_pieces(connection, table, owner, pieces)
    return owner


def add_row(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row; gives the number that the database has chosen for it."""
    key = connection.execute(insert(table), dict(values)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _add_pieces(connection: Connection, table: Table, owner: int, pieces: Iterable[bytes]) -> None:
    for number, data in enumerate(pieces):
        row = {"kind": table.name, "owner": owner, "number": number, "data": data}
        connection.execute(insert(hallow_content).values(row))


def remove(connection: Connection, table: Table, owners: Iterable[int]) -> None:
    """Remove the pieces of these rows."""
    ours = (hallow_content.c.kind == table.name) & hallow_content.c.owner.in_(list(owners))
    connection.execute(delete(hallow_content).where(ours))


# ------------------------------------------------------------------------------------------------------- reading


def size_in_pieces(connection: Connection, table: str, owner: int) -> int | None:
    """The size of a content that is in pieces; ``None`` if there are none."""
    last = select(_content.c.number, func.length(_content.c.data)).where(*_pieces_of(table, owner))
    found = connection.execute(last.order_by(_content.c.number.desc()).limit(1)).first()
    return None if found is None else int(found[0]) * PIECE + int(found[1])


def piece(connection: Connection, table: str, owner: int, number: int) -> bytes | None:
    """One piece of a content."""
    wanted = select(_content.c.data).where(*_pieces_of(table, owner), _content.c.number == number)
    return as_bytes(connection.execute(wanted).scalar())


def whole(connection: Connection, table: str, owner: int) -> bytes | None:
    """A content that is in Sacred's column; ``None`` if it is not there."""
    columns = raw(metadata.tables[table]).c
    key = columns[f"{table}_id"]
    return as_bytes(connection.execute(select(columns.content).where(key == owner)).scalar())


def _pieces_of(table: str, owner: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return _content.c.kind == table, _content.c.owner == owner


def as_bytes(content: Any) -> bytes | None:
    """What a column of bytes holds, whatever was put there."""
    if content is None or isinstance(content, bytes):
        return content
    return str(content).encode("utf-8", "replace")


class Pieces(io.RawIOBase):
    """A content in pieces, opened for reading; one of them is in memory.

    Args:
        fetch: gives a piece by its number.
        size: of the content.

    Raises:
        FileNotFoundError: when reading, if a piece is not there any more.
    """

    def __init__(self, fetch: Callable[[int], bytes | None], size: int) -> None:
        self._fetch = fetch
        self._size = size
        self._position = 0
        self._at_hand: tuple[int, bytes] = (-1, b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def tell(self) -> int:
        """The position."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Change the position; gives the new one."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def readinto(self, buffer: Buffer) -> int:
        """Read at most to the end of a piece; gives the number of bytes."""
        into = memoryview(buffer).cast("B")
        if self._position >= self._size:
            return 0
        number, start = divmod(self._position, PIECE)
        if self._at_hand[0] != number:
            found = self._fetch(number)
            if found is None:
                raise FileNotFoundError("a part of the content is not stored any more")
            self._at_hand = (number, found)
        data = self._at_hand[1][start : start + len(into)]
        into[: len(data)] = data
        self._position += len(data)
        return len(data)
