"""A database: transactions that are repeated where that may help, and errors that say what to do."""

from __future__ import annotations

import os
import threading
import time
import weakref
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from hallow.backends.sql.connecting import BEGIN, Place, engine_for
from hallow.backends.sql.shape import Shape, prepare, tables_of
from hallow.errors import HallowError, RecordError, StoreError
from hallow.journal.filesystems import filesystem_type, is_network
from hallow.records.urls import without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection, Engine
    from typing_extensions import Self

__all__ = ["Database"]

_T = TypeVar("_T")
# Seconds to wait for a lock while others that have it get on.
_LONGEST = 60.0
_LONGEST_REASON = 300  # characters


class Database:
    """A database for the observers and stores that share it; may be used by several threads.

    Args:
        engine: of SQLAlchemy.
        url: without a password.
        place: where it is, if the engine was made for it.
        session: of SQLAlchemy; if there is one, transactions are those of it.

    Attributes:
        engine: as given.
        session: as given.
        url: as given.
        shape: what the tables can take, known from the first :meth:`write` on.
    """

    def __init__(self, engine: Engine, url: str, place: Place | None = None, session: Any = None) -> None:
        self.engine = engine
        self.session = session
        self.url = url
        self.shape = Shape()
        self._place = place
        self._is_prepared = False
        self._process = os.getpid()
        # Held during each transaction.
        self._lock = threading.RLock()
        if place is not None:
            weakref.finalize(self, _dispose, engine, self._process)

    @classmethod
    def at(cls, given: Any, *, echo: bool = False, existing: bool = False) -> Self:
        """The database of a URL, or of the path of an SQLite file; nothing is connected yet.

        Args:
            given: URL or path.
            echo: whether statements are logged.
            existing: never make an SQLite file.

        Raises:
            StoreError: if it is no URL.
            MissingExtraError: (an ImportError) if a driver is missing.
        """
        place = Place.of(given)
        engine = engine_for(place, echo=echo, existing=existing)
        return cls(engine, without_password(place.given), place)

    def __repr__(self) -> str:
        return f"<database {self.url}>"

    # ------------------------------------------------------------------------------------------- transactions

    def read(self, work: Callable[[Connection], _T]) -> _T:
        """Call ``work`` in a transaction that only reads.

        Raises:
            StoreError: if the database cannot be reached or read.
        """
        return self._repeated(lambda: self._reading(work))

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """Call ``work`` in a transaction, the tables being there; it is called again if a connection was lost.

        Raises:
            StoreError: if the database cannot be reached or written.
            RecordError: if it does not take the values.
        """
        return self._repeated(lambda: self._writing(work))

    @property
    def is_there(self) -> bool:
        """Whether there is something to connect to: servers are assumed to be there, files may not be made yet."""
        path = None if self._place is None else self._place.path
        return path is None or os.path.exists(path)

    def close(self) -> None:
        """Close the connections; the next transaction opens new ones."""
        with self._alone():
            self._is_prepared = False
            if self._place is not None and not self._place.is_in_memory:
                self.engine.dispose()

    def _reading(self, work: Callable[[Connection], _T]) -> _T:
        with self.engine.connect() as connection:
            connection.execution_options(**{BEGIN: "BEGIN"})
            with connection.begin():
                return work(connection)

    def _writing(self, work: Callable[[Connection], _T]) -> _T:
        if not self._is_prepared:
            self._choose_journal()
        with self._changing() as connection:
            shape = self.shape
            if not self._is_prepared:
                shape = self.shape = prepare(connection, self.url)
            result = work(connection)
        self._is_prepared, self.shape = True, shape
        return result

    @contextmanager
    def _changing(self) -> Iterator[Connection]:
        if self.session is None:
            with self.engine.connect() as connection:
                connection.execution_options(**{BEGIN: "BEGIN IMMEDIATE"})
                with connection.begin():
                    yield connection
            return
        try:
            yield self.session.connection()
            self.session.commit()
        except BaseException:
            self.session.rollback()
            raise

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._process != os.getpid():
            # A fork: connections and locks belong to the parent.
            self._process, self._lock = os.getpid(), threading.RLock()
            if self._place is not None:
                self.engine.dispose(close=False)
        with self._lock:
            yield

    # ------------------------------------------------------------------------------------------------- errors

    def _repeated(self, attempt: Callable[[], _T]) -> _T:
        end = time.monotonic() + _LONGEST
        is_again = False
        with self._alone():
            while True:
                before = self._traces()
                try:
                    return attempt()
                except HallowError:  # some of ours are SQLAlchemy's as well
                    raise
                except DBAPIError as error:
                    is_stuck = self._traces() == before or time.monotonic() > end
                    if _may_go_well(error) and not is_again:
                        is_again = True
                    elif not _is_locked(error) or is_stuck:
                        raise self._problem(error) from None
                except PoolTimeout:
                    raise StoreError(f"no connection to {self.url} is free") from None
                except SQLAlchemyError as error:
                    raise RecordError(f"{self.url} cannot be used: {self._told(error)}") from None

    def _traces(self) -> list[tuple[int, int]]:
        """What changes when another process gets on with its work in the same SQLite file."""
        path = None if self._place is None else self._place.path
        found = []
        for suffix in ("", "-wal", "-journal") if path else ():
            with suppress(OSError):
                status = os.stat(f"{path}{suffix}")
                found.append((status.st_mtime_ns, status.st_size))
        return found

    def _problem(self, error: DBAPIError) -> Exception:
        told = self._told(error)
        if isinstance(error, DataError | IntegrityError) and not error.connection_invalidated:
            return RecordError(f"{self.url} does not take what it is to store: {told}")
        if _is_locked(error):
            return StoreError(
                f"{self.url} is locked by another program, which does not get on; wait for it or end it, or let the "
                "run record locally: --journal-only"
            )
        path = None if self._place is None else self._place.path
        advice = _about_file(path) if path else "start the server or check the address and what the user may do"
        return StoreError(f"{self.url} cannot be used: {told}; {advice}, or let the run record locally: --journal-only")

    def _told(self, error: SQLAlchemyError) -> str:
        """What the driver says, in one line and without the password."""
        words = str(getattr(error, "orig", None) or error).split() or [type(error).__name__]
        password, text = self.engine.url.password, " ".join(words)[:_LONGEST_REASON]
        return text.replace(password, "***") if password else text

    # ------------------------------------------------------------------------------------------- SQLite files

    def _choose_journal(self) -> None:
        """A new file gets a write-ahead log, with which readers and writers do not wait for each other."""
        path = None if self._place is None else self._place.path
        if path is None:
            return
        folder = os.path.dirname(path)
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as error:
            raise StoreError(f"the folder of {self.url} cannot be made: {error.strerror or error}") from None
        kind = filesystem_type(folder)
        if kind is not None and is_network(kind):  # its shared memory is not shared between machines
            return
        with suppress(DBAPIError), self.engine.connect() as connection:
            if not tables_of(connection):
                connection.rollback()
                connection.exec_driver_sql("PRAGMA journal_mode=WAL")


def _may_go_well(error: DBAPIError) -> bool:
    """Whether a second attempt makes sense: with another connection, or after others that were faster."""
    is_conflict = isinstance(error, IntegrityError) or str(getattr(error.orig, "sqlstate", None)).startswith("40")
    return error.connection_invalidated or is_conflict


def _is_locked(error: DBAPIError) -> bool:
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def _about_file(path: str) -> str:
    if os.path.isdir(path):
        return "it is a folder, give the path of a file in it"
    if not os.path.exists(path):
        return "there is no such file"
    if not os.access(path, os.W_OK):
        return "the file may not be written by this user"
    return "give an SQLite file, on a disk with space, that may be written"


def _dispose(engine: Engine, process: int) -> None:
    if process == os.getpid():
        engine.dispose()
