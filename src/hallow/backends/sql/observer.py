"""The observer that keeps runs in an SQL database."""

from __future__ import annotations

import os
import warnings
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from hallow.backends.keeping import ArtifactFile, SourceFile, StoreObserver
from hallow.errors import MissingExtraError
from hallow.journal.owner import describe_owner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection, Engine
    from typing_extensions import Self

    from hallow.backends.sql.database import Database
    from hallow.backends.sql.output import Shown
    from hallow.backends.sql.store import SqlStore
    from hallow.backends.sql.writing import Start
    from hallow.records.points import Points

__all__ = ["DEFAULT_SQL_PRIORITY", "SqlObserver"]

DEFAULT_SQL_PRIORITY = 40
_T = TypeVar("_T")


class SqlObserver(StoreObserver):
    """Keeps runs in an SQL database, see :mod:`hallow.backends.sql.layout`.

    Nothing is connected, and no table made, before a run starts or is queued.

    Args:
        url: of SQLAlchemy, such as ``sqlite:///runs.db`` or ``postgresql://user@host/database``, or the path of an
            SQLite file that is there.
        echo: whether statements are logged.
        priority: see :class:`~hallow.observers.base.RunObserver`.

    Attributes:
        engine: of SQLAlchemy.
        session: of SQLAlchemy, to query the tables with.
        run: the mapped row of the run that this observer records or recorded last, or ``None``.
        url: without a password.

    Raises:
        StoreError: if ``url`` is no URL of a database.
        MissingExtraError: (an ImportError) without SQLAlchemy or the driver; names what to install.
    """

    VERSION = "SqlObserver-1"

    def __init__(self, url: Any, echo: bool = False, priority: float = DEFAULT_SQL_PRIORITY) -> None:
        self._open(lambda database: database.at(url, echo=echo), priority)

    def _open(self, make: Callable[[type[Database]], Database], priority: float) -> None:
        try:
            from hallow.backends.sql.database import Database
        except ImportError as error:
            raise MissingExtraError(
                f'{type(self).__name__} needs SQLAlchemy 2 ({error}); install it: pip install "hallow[sql]"',
                print_traceback=False,
            ) from error
        self._database = make(Database)
        self._session: Any = None
        super().__init__(priority)

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Deprecated: call the class."""
        warnings.warn(
            f"{cls.__name__}.create(...) is deprecated; call {cls.__name__}(...)", DeprecationWarning, stacklevel=2
        )
        return cls(*args, **kwargs)

    @classmethod
    def create_from(cls, engine: Engine, session: Any, priority: float = DEFAULT_SQL_PRIORITY) -> Self:
        """An observer that writes by way of a session of yours, and commits it after each event."""
        self = cls.__new__(cls)
        url = engine.url.render_as_string()
        self._open(lambda database: database(engine, url, session=session), priority)
        return self

    @classmethod
    def over(cls, database: Database) -> Self:
        """An observer over the connections of somebody else."""
        self = cls.__new__(cls)
        self._open(lambda _: database, DEFAULT_SQL_PRIORITY)
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    __hash__ = StoreObserver.__hash__

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SqlObserver)
            and self.engine is other.engine
            and self._database.session is other._database.session
        )

    @property
    def url(self) -> str:
        """Of the database, without a password."""
        return self._database.url

    @property
    def engine(self) -> Engine:
        """Of SQLAlchemy."""
        return self._database.engine

    @property
    def session(self) -> Any:
        """Of SQLAlchemy, one for each thread; or the one that was given."""
        if self._database.session is not None:
            return self._database.session
        if self._session is None:
            from sqlalchemy.orm import scoped_session, sessionmaker

            self._session = scoped_session(sessionmaker(self.engine))
        return self._session

    @property
    def run(self) -> Any:
        """The mapped row of the present run, see :mod:`hallow.backends.sql.tables`; ``None`` if there is none."""
        if self._key is None:
            return None
        from hallow.backends.sql.tables import Run

        return self.session.get(Run, self._key, populate_existing=True)

    def query(self, _id: Any) -> dict[str, Any]:
        """A run in the keys of Sacred's documents, with what Sacred's tables have no place for.

        Raises:
            RunNotFoundError: (a KeyError) if there is none of that id.
        """
        from hallow.backends.sql.querying import queried

        return queried(self._database, self.store().get(_id))

    def store(self) -> SqlStore:
        """The store, for reading."""
        from hallow.backends.sql.store import SqlStore

        return SqlStore.of(self._database)

    def recovery(self) -> dict[str, Any]:
        """How another process makes this observer again."""
        own = type(self)
        return {
            "class": f"{own.__module__}:{own.__qualname__}",
            "arguments": {"url": self.url, "priority": self.priority},
        }

    def unfinished(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Id and process (see :func:`hallow.journal.owner.describe_owner`) of the runs that are said to be going on."""
        return ((run_id, owner) for run_id, owner in self.store().unfinished() if isinstance(owner, dict))

    def join(self) -> None:
        """Everything is stored already; connections are let go until they are needed again.

        Those to a server half a second later, if no other run begins before.
        """
        if self._session is not None:
            self._session.remove()
        self._database.let_go()

    # ------------------------------------------------------------------------------------------- state of a run

    def _reset(self) -> None:
        super()._reset()
        self._key: int | None = None
        self._metrics: dict[str, int] = {}
        # The number of the point after the last one that is stored; None if that is not known.
        self._end: int | None = None
        self._shown: Shown | None = None
        # Files that are stored together with the run; None when it is there.
        self._sources: Sequence[SourceFile] | None = ()
        # Whether the owner was stored together with the run, and is yet to be told.
        self._owner_is_new = False
        # The details that there are; None if that is not known.
        self._details: set[str] | None = None
        # Columns of the row in hallow_run, as far as it is known what they hold.
        self._own: dict[str, Any] = {}

    def _write(self, work: Callable[[Connection, int], Any]) -> Any:
        """Call ``work`` with a connection and the number of the run's row."""
        key = self._running_key()
        return self._database.write(lambda connection: work(connection, key))

    def _running_key(self) -> int:
        """The number of the run's row."""
        self._entry()
        assert self._key is not None
        return self._key

    def _begun(
        self, document: dict[str, Any], begin: Callable[[Connection, Start, bool], tuple[int, Any] | None]
    ) -> tuple[int, Any] | None:
        """What ``begin`` gives, called with a connection, what is to be stored, and whether it is called again.

        If only the answer was lost, it is not called again.
        """
        from hallow.backends.sql.writing import Start, started_by

        details = {"owner": describe_owner()} if document["status"] == "RUNNING" else {}
        start = Start(document, self._sources or (), details, os.urandom(8).hex())

        def work(connection: Connection, is_again: bool) -> tuple[int, Any] | None:
            known = started_by(connection, start.token) if is_again else None
            return known or begin(connection, start, is_again)

        found = self._database.write(_telling_again(work))
        if found is not None:
            self._key, self._sources, self._owner_is_new = found[0], None, bool(details)
        return found

    # ---------------------------------------------------------------------------------------------- operations

    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        from hallow.backends.sql.output import Shown
        from hallow.backends.sql.writing import new_run

        database = self._database
        found = self._begun(
            document,
            lambda connection, start, is_again: new_run(
                connection, database.shape, database.url, run_id, start, is_again
            ),
        )
        assert found is not None
        self._end, self._shown, self._details = 0, Shown(), {"owner"}
        self._own = {"result": None, "fail_trace": None}
        if database.shape.status(document["status"]) == document["status"]:
            self._own["status"] = None
        return int(found[1]) if run_id is None else run_id

    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        from hallow.backends.sql.writing import take_queued

        found = self._begun(
            document, lambda connection, start, _: take_queued(connection, self._database.shape, run_id, start)
        )
        return None if found is None else run_id

    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        from hallow.backends.sql.writing import update_run

        known, self._own = self._own, {}  # what is there is not known if this fails
        self._own = self._write(
            lambda connection, key: update_run(connection, self._database.shape, key, changes, removed, known)
        )

    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        from hallow.backends.sql.shared import keep_sources

        if self._sources is not None:
            self._sources = sources
            return []
        return self._database.write(lambda connection: keep_sources(connection, self._database.shape, sources))

    def _keep_resource(self, filename: str, md5: str) -> Any:
        from hallow.backends.sql.shared import keep_resource

        self._entry()
        database = self._database
        content = self.copies.get(filename, filename)
        number = database.write(lambda connection: keep_resource(connection, database.shape, filename, md5, content))
        return [filename, md5, number]

    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        from hallow.backends.sql.writing import keep_artifact

        self._write(lambda connection, key: keep_artifact(connection, self._database.shape, key, artifact))
        return artifact.name

    def _add(self, field: str, entry: Any) -> None:
        from hallow.backends.sql.writing import link_resource

        if field == "resources":  # an artifact is a row of the run's own
            self._write(lambda connection, key: link_resource(connection, key, entry[2]))

    def _write_points(self, first: int, points: list[Points]) -> None:
        from hallow.backends.sql.points import write_points

        known, key, is_end = self._metrics, self._running_key(), self._end == first
        self._end = None  # what is there is not known if this fails
        self._metrics = self._database.write(
            _telling_again(
                lambda connection, is_again: write_points(
                    connection, key, first, points, known, is_end=is_end and not is_again
                )
            )
        )
        self._end = first + sum(map(len, points))

    def _write_output(self, position: int, data: bytes) -> None:
        from hallow.backends.sql.output import write_output

        shown, key = self._shown, self._running_key()
        self._shown = None  # what is there is not known if this fails
        self._shown = self._database.write(
            _telling_again(
                lambda connection, is_again: write_output(connection, key, shown, position, data, is_again=is_again)
            )
        )

    def _set_details(self, details: dict[str, Any]) -> None:
        from hallow.backends.sql.writing import set_details

        if self._owner_is_new and details.keys() == {"owner"}:
            self._owner_is_new = False  # it was stored together with the run
            return
        known, key = self._details, self._running_key()
        self._details = None  # what is there is not known if this fails
        are_new = known is not None and known.isdisjoint(details)
        self._database.write(
            _telling_again(
                lambda connection, is_again: set_details(connection, key, details, are_new=are_new and not is_again)
            )
        )
        self._details = None if known is None else known | details.keys()

    def _load(self, run_id: Any) -> dict[str, Any]:
        from hallow.backends.sql.points import metric_names
        from hallow.backends.sql.writing import adopt

        found = self.store().find(run_id)
        key = self._key = found.key
        self._sources = None

        def work(connection: Connection) -> dict[int, str]:
            adopt(connection, key)
            return metric_names(connection, key)

        self._metrics = {name: number for number, name in self._database.write(work).items()}
        experiment = found.document["experiment"]
        sources = [list(pair) for pair in found.sources]
        return {
            **found.document,
            "experiment": {**(experiment if isinstance(experiment, dict) else {}), "sources": sources},
            "resources": [[row.filename, row.md5sum, row.resource_id] for row in found.resources],
            "artifacts": [file.name for file in found.artifacts],
        }


def _telling_again(work: Callable[[Connection, bool], _T]) -> Callable[[Connection], _T]:
    """``work`` as a function of the connection; it is also told whether it is called again.

    A transaction whose answer was lost may have been carried out.
    """
    attempts = count()
    return lambda connection: work(connection, next(attempts) > 0)
