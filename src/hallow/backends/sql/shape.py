"""What the tables at hand can take: those of ours everything, those of Sacred less."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, inspect, select
from sqlalchemy.exc import DBAPIError

from hallow.backends.sql.layout import SACRED, VERSION, hallow_schema, metadata, plain, run
from hallow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection, Table
    from sqlalchemy.engine import Inspector

__all__ = ["Shape", "exclusively", "highest_id", "is_unchanged", "number_of", "prepare", "public_id", "tables_of"]

# What release 0.8.7 of Sacred can read; another word in its last row, and it cannot start any run.
_WORDS = frozenset({"RUNNING", "COMPLETED", "INTERRUPTED", "TIMEOUT", "FAILED"})
_NEAREST = {"QUEUED": None, "DIED": "FAILED"}
# Names in hallow_schema.
_FACTS = frozenset({"version", "runs", "sacred"})
_EVERY_FACT = select(hallow_schema.c.name, hallow_schema.c.value)
_OUR_LENGTHS = {
    (table.name, column.name): length
    for table in SACRED
    for column in table.c
    if (length := getattr(column.type, "length", None))
}


@dataclass(frozen=True)
class Shape:
    """What the tables of Sacred can take.

    Attributes:
        statuses: words that ``run.status`` can take; ``None`` for any.
        lengths: table and column to the number of characters, where that is limited.
        is_sacreds: whether Sacred made the tables.
    """

    statuses: frozenset[str] | None = None
    lengths: Mapping[tuple[str, str], int] = field(default_factory=lambda: _OUR_LENGTHS)
    is_sacreds: bool = False

    def status(self, word: str) -> str | None:
        """The status for Sacred's column: the word itself, or the nearest that it can take."""
        longest = self.lengths.get((run.name, "status"), 0)
        fits = len(word) <= longest if self.statuses is None else word in self.statuses
        return word if fits else _NEAREST.get(word, "INTERRUPTED")

    def fitted(self, table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values for a row of a table; text that is too long for its column is cut."""
        return {
            name: plain(value)[: self.lengths.get((table.name, name))] if isinstance(value, str) else value
            for name, value in values.items()
        }


def tables_of(connection: Connection) -> frozenset[str]:
    """The names of all tables."""
    return frozenset(inspect(connection).get_table_names())


def prepare(connection: Connection, where: str) -> Shape:
    """Make the tables that are missing.

    Raises:
        StoreError: if the tables are of a newer version, or ``run`` is another program's.
    """
    facts = _facts(connection)
    if not facts.keys() >= _FACTS:
        exclusively(connection, "hallow: tables")
        facts = _facts(connection)
    if not facts.keys() >= _FACTS:
        facts = _make(connection, where) | facts
    _agree(facts, where)
    return _of_sacred(connection) if facts["sacred"] else Shape()


def is_unchanged(connection: Connection, shape: Shape, where: str) -> bool:
    """Whether the tables are still as :func:`prepare` found or made them.

    Raises:
        DBAPIError: (of SQLAlchemy) if they are not there.
        StoreError: if they are of a newer version.
    """
    facts = _read_facts(connection)
    if not facts.keys() >= _FACTS or bool(facts["sacred"]) != shape.is_sacreds:
        return False
    _agree(facts, where)
    return True


def _agree(facts: Mapping[str, int], where: str) -> None:
    if facts["version"] > VERSION:
        raise StoreError(
            f"{where} was written by a newer version of hallow (its tables have version {facts['version']}, this one "
            f"writes {VERSION}); it can be read, and written after: pip install --upgrade hallow"
        )


def _facts(connection: Connection) -> dict[str, int]:
    return _read_facts(connection) if inspect(connection).has_table(hallow_schema.name) else {}


def _read_facts(connection: Connection) -> dict[str, int]:
    return {row.name: row.value for row in connection.execute(_EVERY_FACT)}


def _make(connection: Connection, where: str) -> dict[str, int]:
    inspector = inspect(connection)
    is_there = inspector.has_table(run.name)
    is_sacreds = is_there and _is_sacreds(inspector, where)
    metadata.create_all(connection)
    if is_there:
        _index(connection)
    facts = {"version": VERSION, "runs": highest_id(connection), "sacred": int(is_sacreds)}
    known = _facts(connection)
    rows = [{"name": name, "value": value} for name, value in facts.items() if name not in known]
    connection.execute(insert(hallow_schema), rows)
    return facts


def _is_sacreds(inspector: Inspector, where: str) -> bool:
    columns = {column["name"]: column["type"] for column in inspector.get_columns(run.name)}
    missing = [column.name for column in run.c if column.name not in columns]
    if missing:
        raise StoreError(
            f"{where} has a table 'run' of another program (it lacks {', '.join(missing)}); give a database of its own"
        )
    return getattr(columns["run_id"], "length", None) == 24


def _index(connection: Connection) -> None:
    """Sacred's tables have no indexes; that an owner of tables forbids them is no reason not to go on."""
    for index in (index for table in SACRED for index in table.indexes):
        try:
            with connection.begin_nested():
                index.create(connection, checkfirst=True)
        except DBAPIError:  # noqa: PERF203 - done once in the life of a database
            return


def highest_id(connection: Connection) -> int:
    """The highest number that is the id of a run."""
    ids = connection.execute(select(run.c.run_id)).scalars()
    return max((number for number in map(number_of, ids) if number is not None), default=0)


def number_of(run_id: Any) -> int | None:
    """The number that an id stands for, as the store gives numbers; ``None`` if it is a word."""
    text = str(run_id)
    is_number = text.isascii() and text.isdecimal() and len(text) <= 15 and str(int(text)) == text
    return int(text) if is_number else None


def public_id(key: int, stored: Any) -> Any:
    """The id of a run as stores give it: a number if it is one; ``row 7`` for a damaged one that has none."""
    if stored is None:
        return f"row {key}"
    number = number_of(stored)
    return str(stored) if number is None else number


def _of_sacred(connection: Connection) -> Shape:
    if connection.dialect.name == "sqlite":  # lengths are not enforced
        return Shape(_WORDS, {}, is_sacreds=True)
    names = [table.name for table in SACRED]
    found = inspect(connection).get_multi_columns(filter_names=names)
    types = {(table, column["name"]): column["type"] for (_, table), columns in found.items() for column in columns}
    enums = getattr(types.get((run.name, "status")), "enums", None)
    lengths = {place: kind.length for place, kind in types.items() if getattr(kind, "length", None)}  # type: ignore[attr-defined]
    return Shape(_WORDS if enums is None else frozenset(enums), lengths, is_sacreds=True)


def exclusively(connection: Connection, word: str) -> None:
    """Until the end of the transaction, no other one goes on that asks for the same word; SQLite has one at a time."""
    if connection.dialect.name == "postgresql":
        from hashlib import md5

        key = int.from_bytes(md5(word.encode(), usedforsecurity=False).digest()[:8], "big", signed=True)
        connection.execute(select(func.pg_advisory_xact_lock(key)))
