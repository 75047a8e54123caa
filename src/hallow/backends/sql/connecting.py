"""Engines from URLs: what a URL of SQLAlchemy, or the path of an SQLite file, leads to."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import NullPool, StaticPool

from hallow.errors import MissingExtraError, StoreError
from hallow.records.urls import without_password

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

__all__ = ["BEGIN", "Place", "engine_for"]

#: Execution option of a connection to SQLite: the statement that begins its transactions.
BEGIN = "hallow_begin"
#: Seconds to wait for a server, and for a lock in SQLite.
PATIENCE = 4

_DRIVERS = {"postgresql": ("psycopg", "psycopg2"), "mysql": ("pymysql", "MySQLdb"), "mariadb": ("pymysql", "MySQLdb")}
_NAMES = {"MySQLdb": "mysqldb"}  # where SQLAlchemy calls a driver otherwise than its module
# A server that is gone without a word is noticed within half a minute.
_LIBPQ = {
    "connect_timeout": PATIENCE,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "psycopg": {**_LIBPQ, "prepare_threshold": None},  # which poolers in front of servers do not support
    "psycopg2": _LIBPQ,
    "pymysql": {"connect_timeout": PATIENCE},
    "mysqldb": {"connect_timeout": PATIENCE},
    "pysqlite": {"timeout": PATIENCE, "check_same_thread": False},
}


@dataclass(frozen=True)
class Place:
    """Where a database is.

    Attributes:
        url: for SQLAlchemy, with the password; the path of an SQLite file in it is absolute.
        given: the same as text, as the user wrote it.
    """

    url: URL
    given: str

    @classmethod
    def of(cls, given: Any) -> Place:
        """From a URL, or the path of an SQLite file, which may begin with ``sqlite:``.

        Raises:
            StoreError: if it is neither.
        """
        if isinstance(given, URL):
            return cls(_with_driver(_absolute(given)), given.render_as_string(hide_password=False))
        text = os.fspath(given) if isinstance(given, str | os.PathLike) else repr(given)
        url = _parsed(text)
        if url.get_backend_name() == "sqlite":
            url = _absolute(url)
            text = url.render_as_string(hide_password=False)
        return cls(_with_driver(url), text)

    @property
    def path(self) -> str | None:
        """Of the SQLite file, if it is one."""
        database = self.url.database
        plain = self.url.get_backend_name() == "sqlite" and database and not database.startswith(("file:", ":"))
        return database if plain else None

    @property
    def is_in_memory(self) -> bool:
        """Whether it is an SQLite database without a file."""
        return self.url.get_backend_name() == "sqlite" and self.url.database in (None, "", ":memory:")


def _parsed(text: str) -> URL:
    scheme, _, rest = text.partition(":")
    if scheme == "sqlite" and not rest.startswith("//"):
        return URL.create("sqlite", database=os.path.expanduser(rest))
    if "://" not in text and os.path.isfile(os.path.expanduser(text)):
        return URL.create("sqlite", database=os.path.expanduser(text))
    try:
        return make_url(text.replace("postgres://", "postgresql://", 1) if scheme == "postgres" else text)
    except (ArgumentError, ValueError):  # whose message may have parts of a password
        raise StoreError(
            f"{without_password(text)!r} is no URL of a database; write sqlite:///runs.db for an SQLite file, or "
            "postgresql://user@host/database"
        ) from None


def _absolute(url: URL) -> URL:
    """With the same SQLite file after a change of the working directory."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path.startswith(("file:", ":")):
        return url
    return url.set(database=os.path.abspath(path))


def _with_driver(url: URL) -> URL:
    """With a driver that is installed, if the URL names none."""
    for module in _DRIVERS.get(url.drivername, ()):
        if find_spec(module) is not None:
            return url.set(drivername=f"{url.drivername}+{_NAMES.get(module, module)}")
    return url


def engine_for(place: Place, *, echo: bool = False, existing: bool = False) -> Engine:
    """An engine; nothing is connected yet.

    Args:
        place: where the database is.
        echo: whether statements are logged.
        existing: never make an SQLite file.

    Raises:
        StoreError: if SQLAlchemy does not know the kind of database.
        MissingExtraError: (an ImportError) if the driver is not installed; names it.
    """
    url = place.url
    options: dict[str, Any] = {"echo": echo, "hide_parameters": True}
    if place.is_in_memory:
        options["poolclass"] = StaticPool  # one database for all threads
    try:
        dialect = url.get_dialect()
        arguments = _ARGUMENTS.get(dialect.driver, {})
        given = {name: value for name, value in arguments.items() if name not in url.query}
        path = place.path if existing and dialect.driver == "pysqlite" else None
        if path is not None and not _may_be_written(path):
            options["poolclass"] = NullPool  # how it is opened may change
        engine = create_engine(url, connect_args=given, **options)
    except NoSuchModuleError:
        raise StoreError(
            f"SQLAlchemy knows no databases of the kind {url.drivername!r}; known are sqlite, postgresql, mysql, "
            "mariadb, oracle and mssql"
        ) from None
    except ImportError as error:
        raise MissingExtraError(
            f"{without_password(place.given)} cannot be used ({error}); install the driver: pip install "
            f"{_package(url)}, or name another one in the URL",
            print_traceback=False,
        ) from error
    if path is not None:
        _leave_as_it_is(engine, path)
    if dialect.name == "sqlite":
        event.listen(engine, "connect", _read_any_text)
        event.listen(engine, "begin", _begin)
    if dialect.driver == "pysqlite" and place.path is not None:
        event.listen(engine, "connect", _sync_later)
    return engine


def _package(url: URL) -> str:
    kind = url.get_backend_name()
    return {"postgresql": '"psycopg[binary]"', "mysql": "pymysql", "mariadb": "pymysql"}.get(kind, url.drivername)


def _leave_as_it_is(engine: Engine, path: str) -> None:
    """Have an SQLite file opened only if it is there, and without making files beside it if it may not be written."""

    def choose(dialect: Any, record: Any, arguments: list[Any], keywords: dict[str, Any]) -> None:
        del dialect, record
        arguments[0] = f"file:{quote(path)}?{_manner(path)}"
        keywords["uri"] = True

    event.listen(engine, "do_connect", choose)


def _manner(path: str) -> str:
    if _may_be_written(path):
        return "mode=rw"
    # Files that readers leave beside it would keep its owner from writing; while it is written, they are there already.
    return "mode=ro&immutable=1" if _has_log(path) and not os.path.exists(f"{path}-wal") else "mode=ro"


def _has_log(path: str) -> bool:
    """Whether an SQLite file has a write-ahead log; not for files that this process may be writing."""
    with suppress(OSError), open(path, "rb", buffering=0) as file:
        return file.read(19)[18:] == b"\2"
    return False


def _sync_later(connection: Any, record: Any) -> None:
    """Have no commit wait for the disk, if there is a log: after a loss of power, the last ones may be missing.

    The connection is asked, because to open and close the file beside SQLite would take away its locks.
    """
    del record
    with suppress(Exception):  # locked, or no database at all: who uses the connection is told
        if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            connection.execute("PRAGMA synchronous=NORMAL")


def _may_be_written(path: str) -> bool:
    return not os.path.exists(path) or (os.access(path, os.W_OK) and os.access(os.path.dirname(path), os.W_OK))


def _read_any_text(connection: Any, record: Any) -> None:
    del record
    # The driver would refuse whole rows for one byte that is no UTF-8.
    connection.text_factory = lambda data: data.decode("utf-8", "replace")


def _begin(connection: Connection) -> None:
    # The driver would begin in time for the first change only, which comes too late for a lock to be waited for.
    statement = connection.get_execution_options().get(BEGIN)
    if statement:
        connection.exec_driver_sql(statement)
