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
from hallow.backends.sql.shape import Shape, is_unchanged, prepare, tables_of
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
# Seconds for which connections to a server stay after a run: often another one begins at once.
_LINGER = 0.5
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
        # Whether the tables are as they should be; whether they were before the connections were closed.
        self._is_prepared = self._was_prepared = False
        self._process = os.getpid()
        # Held during each transaction.
        self._lock = threading.RLock()
        # Monotonic time at which the connections are closed if nothing is asked of them before, and who does that.
        self._idle_until: float | None = None
        self._closer: threading.Thread | None = None
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

        What it has stored survives the end of the process; that of the machine, in an SQLite file with a write-ahead
        log, from the next :meth:`let_go` on.

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

    def let_go(self) -> None:
        """Close the connections between runs: to a file at once, to a server if nothing is asked of it for a moment."""
        if self._place is None or self._place.is_in_memory:
            self.close()
            return
        if self._place.path is not None:
            self._sync()
            self.close()
            return
        with self._alone():
            self._is_prepared = False
            self._idle_until = time.monotonic() + _LINGER
            if self._closer is None:
                # It must not keep alive what closes its connections when nobody has it any more.
                arguments = (weakref.ref(self),)
                self._closer = threading.Thread(target=_close_idle, args=arguments, name="hallow-sql", daemon=True)
                self._closer.start()

    def _sync(self) -> None:
        """Have everything on disk; the last connection would do that when it is closed, others leave it to the last."""
        if self._is_prepared:
            with self._alone(), suppress(DBAPIError), self.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)")

    def _remaining(self) -> float | None:
        """Seconds until the connections are to be closed; ``None`` if they were, or are in use again."""
        with self._alone(is_use=False):
            remaining = 0.0 if self._idle_until is None else self._idle_until - time.monotonic()
            if remaining > 0:
                return remaining
            self._closer = None
            if self._idle_until is not None:
                self.close()
            return None

    def _reading(self, work: Callable[[Connection], _T]) -> _T:
        with self.engine.connect() as connection:
            connection.execution_options(**{BEGIN: "BEGIN"})
            with connection.begin():
                return work(connection)

    def _writing(self, work: Callable[[Connection], _T]) -> _T:
        if not (self._is_prepared or self._was_prepared):
            self._choose_journal()
        try:
            return self._written(work)
        except DBAPIError as error:
            if self._is_prepared or not self._was_prepared or not _may_lack_tables(error):
                raise
            self._was_prepared = False
            self._choose_journal()
            return self._written(work)

    def _written(self, work: Callable[[Connection], _T]) -> _T:
        with self._changing() as connection:
            shape = self.shape
            if not self._is_prepared and not (self._was_prepared and is_unchanged(connection, shape, self.url)):
                shape = self.shape = prepare(connection, self.url)
            result = work(connection)
        self._is_prepared, self._was_prepared, self.shape = True, True, shape
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
    def _alone(self, is_use: bool = True) -> Iterator[None]:
        if self._process != os.getpid():
            # A fork: connections, locks and threads belong to the parent.
            self._process, self._lock, self._closer = os.getpid(), threading.RLock(), None
            if self._place is not None:
                self.engine.dispose(close=False)
        with self._lock:
            if is_use:
                self._idle_until = None
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
                except UnicodeDecodeError:  # of what the driver itself has to read, such as names of tables
                    raise StoreError(f"{self.url} is damaged: a text in it is not UTF-8") from None
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
                f"{self.url} is locked by another program, which does not get on; wait for it or end it; a run can "
                "start without the store: --journal-only"
            )
        path = None if self._place is None else self._place.path
        advice = _about_file(path) if path else "start the server or check the address and what the user may do"
        return StoreError(
            f"{self.url} cannot be used: {told}; {advice}; a run can start without the store: --journal-only"
        )

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
                connection.exec_driver_sql("PRAGMA synchronous=NORMAL")


def _may_go_well(error: DBAPIError) -> bool:
    """Whether a second attempt makes sense: with another connection, or after others that were faster."""
    is_conflict = isinstance(error, IntegrityError) or str(getattr(error.orig, "sqlstate", None)).startswith("40")
    return error.connection_invalidated or is_conflict


def _is_locked(error: DBAPIError) -> bool:
    return "database is locked" in str(error.orig) or "database table is locked" in str(error.orig)


def _may_lack_tables(error: DBAPIError) -> bool:
    """Whether somebody may have removed tables since they were seen."""
    return not (isinstance(error, HallowError) or error.connection_invalidated or _is_locked(error))


def _about_file(path: str) -> str:
    if os.path.isdir(path):
        return "it is a folder, give the path of a file in it"
    if not os.path.exists(path):
        return "there is no such file"
    if not os.access(path, os.W_OK):
        return "the file may not be written by this user"
    return "give an SQLite file, on a disk with space, that may be written"


def _close_idle(reference: weakref.ref[Database]) -> None:
    """Close the connections of a database when it is time."""
    while (database := reference()) is not None:
        remaining = database._remaining()
        del database
        if remaining is None:
            return
        time.sleep(remaining)


def _dispose(engine: Engine, process: int) -> None:
    if process == os.getpid():
        engine.dispose()
