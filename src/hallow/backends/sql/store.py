"""Reading an SQL database: what hallow and Sacred wrote, whatever state it is in."""

from __future__ import annotations

import io
from contextlib import suppress
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from sqlalchemy import func, select

from hallow.backends.sql.contents import Pieces, piece, size_in_pieces, whole
from hallow.backends.sql.database import Database
from hallow.backends.sql.deleting import delete_run
from hallow.backends.sql.layout import hallow_detail, hallow_point, hallow_run, hallow_schema, raw, run, source
from hallow.backends.sql.output import output_size, read_output
from hallow.backends.sql.points import metric_names, read_page
from hallow.backends.sql.reading import Found, condition, files_of, find, key_for
from hallow.backends.sql.shape import public_id, tables_of
from hallow.backends.sql.writing import set_details
from hallow.errors import RecordError, StoreError
from hallow.records.contents import Contents
from hallow.records.jsonfile import load_json
from hallow.records.points import joined
from hallow.stores.base import Store
from hallow.stores.documents import damaged, read_record
from hallow.stores.metrics import RunPoints

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Connection
    from typing_extensions import Self

    from hallow.backends.sql.observer import SqlObserver
    from hallow.records.points import Points
    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["SqlStore"]

_T = TypeVar("_T")
#: Runs that are read at a time.
BATCH = 200

_RUN, _OURS, _DETAIL, _POINT, _SOURCE = map(raw, (run, hallow_run, hallow_detail, hallow_point, source))


class SqlStore(Store):
    """The runs in an SQL database; see :mod:`hallow.backends.sql.layout`.

    Nothing is written unless a run is marked or removed. A database without tables is a store without runs.

    Args:
        url: of SQLAlchemy, or the path of an SQLite file; also one that Sacred wrote.

    Raises:
        StoreError: if the database cannot be reached, or holds the tables of another program only.
        MissingExtraError: (an ImportError) if a driver is missing; names it.
    """

    def __init__(self, url: Any) -> None:
        self._database = Database.at(url, existing=True)
        self._is_own = True
        self._begin()
        try:
            self._check()
        except BaseException:
            self.close()
            raise

    @classmethod
    def of(cls, database: Database) -> Self:
        """The store in a database that somebody else closes."""
        self = cls.__new__(cls)
        self._database, self._is_own = database, False
        self._begin()
        return self

    def _begin(self) -> None:
        self.url = self._database.url
        self._tables: frozenset[str] = frozenset()

    def _check(self) -> None:
        tables = self._database.read(tables_of)
        if tables and run.name not in tables:
            raise StoreError(
                f"there is no experiment store in {self.url}: it has tables ({', '.join(sorted(tables)[:5])}), but not "
                "those of Sacred; check the name of the database"
            )

    def observer(self) -> SqlObserver:
        """An observer that records into this database."""
        from hallow.backends.sql.observer import SqlObserver

        return SqlObserver.over(self._database)

    def close(self) -> None:
        """Let connections go."""
        if self._is_own:
            self._database.close()

    def read(self, work: Callable[[Connection, bool], _T], nothing: _T) -> _T:
        """What ``work`` gives when it is called with a connection and whether the tables of ours are there.

        Args:
            work: only reads.
            nothing: what there is in a database without tables.
        """

        def reading(connection: Connection) -> _T:
            # They may come into being at any time.
            if hallow_schema.name not in self._tables:
                self._tables = tables_of(connection)
            return work(connection, hallow_schema.name in self._tables) if run.name in self._tables else nothing

        if not self._is_own and not self._database.is_there:
            return nothing
        return self._database.read(reading)

    def write(self, work: Callable[[Connection], None]) -> None:
        """Call ``work`` in a transaction that may write."""
        self._database.write(work)

    # ----------------------------------------------------------------------------------------------------- runs

    def ids(self) -> Iterator[Any]:
        """The ids of all runs, in the order in which they were started."""
        return iter([run_id for _, run_id in self._keys()])

    def __len__(self) -> int:
        count = select(func.count()).select_from(_RUN)
        return self.read(lambda connection, _: int(connection.execute(count).scalar_one()), 0)

    def _keys(self) -> list[tuple[int, Any]]:
        query = select(_RUN.c.id, _RUN.c.run_id).order_by(_RUN.c.id)
        return self.read(lambda connection, _: [(row[0], public_id(*row)) for row in connection.execute(query)], [])

    def _key(self, run_id: Any) -> int:
        key = self.read(lambda connection, _: key_for(connection, run_id), None)
        if key is None:
            raise self.not_found(run_id)
        return key

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        return self._record(self.find(run_id))

    def find(self, run_id: Any) -> Found:
        """What the rows say of a run.

        Raises:
            RunNotFoundError: if there is none of that id.
        """
        found = self._find(condition(run_id))
        if not found:
            raise self.not_found(run_id)
        return found[0]

    def runs(self) -> Iterator[RunRecord]:
        """All runs in the order in which they were started, a batch of them at a time."""
        last = -1
        while True:
            try:
                batch = self._find(condition(after=last), BATCH)
            except StoreError:
                # Of a file that is damaged in some place, the rest can be read.
                yield from self._one_by_one(last)
                return
            yield from map(self._record, batch)
            if len(batch) < BATCH:
                return
            last = batch[-1].key

    def _one_by_one(self, last: int) -> Iterator[RunRecord]:
        for key, run_id in self._keys():
            if key <= last:
                continue
            try:
                found = self._find(condition(run_id))
            except StoreError as error:
                yield damaged(run_id, self.url, StoredContents(self, Found(key, run_id, run_id, True, {}, [])), error)
            else:
                yield from map(self._record, found)

    def _find(self, wanted: Any, limit: int | None = None) -> list[Found]:
        return self.read(lambda connection, ours: find(connection, ours, wanted, limit=limit), [])

    def _record(self, found: Found) -> RunRecord:
        contents = StoredContents(self, found)
        return read_record(
            found.document,
            contents,
            run_id=found.run_id,
            store=self.url,
            marks=found.marks,
            files=files_of(found, contents),
            problem="; ".join(found.problems),
        )

    def unfinished(self) -> Iterator[tuple[Any, Any]]:
        """Ids and owners of the runs that are said to be going on."""
        together = _RUN.join(_OURS, _OURS.c.run == _RUN.c.id).join(_DETAIL, _DETAIL.c.run == _RUN.c.id)
        is_running = (_RUN.c.status == "RUNNING", _OURS.c.status.is_(None), _DETAIL.c.name == "owner")
        query = (
            select(_RUN.c.id, _RUN.c.run_id, _DETAIL.c.value)
            .select_from(together)
            .where(*is_running)
            .order_by(_RUN.c.id)
        )
        nothing: list[Any] = []
        rows = self.read(lambda connection, ours: list(connection.execute(query)) if ours else nothing, nothing)
        for key, run_id, text in rows:
            with suppress(ValueError, TypeError, RecursionError):
                yield public_id(key, run_id), load_json(text)

    def delete(self, run_id: Any) -> None:
        """Remove a run and what belongs to it alone."""
        key = self._key(run_id)
        self.write(lambda connection: delete_run(connection, key))

    # -------------------------------------------------------------------------------------------------- metrics

    def read_metrics(
        self, runs: Iterable[Any] | None, wanted: Callable[[str], bool] | None, at_most: int | None
    ) -> Iterator[RunPoints]:
        """The metrics of each run; the runs themselves are not read."""
        keys = self._keys() if runs is None else [(self._key(run_id), run_id) for run_id in runs]
        for key, run_id in keys:
            contents = StoredContents(self, Found(key, run_id, run_id, True, {}, []))
            try:
                found = RunPoints(str(run_id), list(contents.metrics(wanted, at_most)))
            except (OSError, ValueError, RecursionError) as error:
                found = RunPoints(str(run_id), problem=f"{type(error).__name__}: {error}")
            if found.points or found.problem:
                yield found


class StoredContents(Contents):
    """The large parts of one run.

    Args:
        store: where it is.
        found: what its rows say.
    """

    def __init__(self, store: SqlStore, found: Found) -> None:
        self._store = store
        self._key = found.key
        self._id = found.run_id
        self._is_ours = found.is_ours

    def details(self) -> dict[str, Any]:
        query = select(_DETAIL.c.name, _DETAIL.c.value).where(_DETAIL.c.run == self._key).order_by(_DETAIL.c.name)
        nothing: list[Any] = []
        rows = self._store.read(lambda connection, ours: list(connection.execute(query)) if ours else nothing, nothing)
        try:
            return {name: load_json(text) for name, text in rows}
        except (ValueError, TypeError, RecursionError) as error:
            raise RecordError(f"the details of run {self._id} in {self._store.url} make no sense: {error}") from error

    def annotate(self, name: str, value: Any) -> None:
        self._store.write(lambda connection: set_details(connection, self._key, {name: value}))

    # -------------------------------------------------------------------------------------------------- output

    def output_size(self) -> int:
        if not self._is_ours:
            return len(self._captured_out())
        return self._store.read(lambda connection, _: output_size(connection, self._key), 0)

    def read_output(self, start: int, stop: int) -> bytes:
        if not self._is_ours:
            return self._captured_out()[start:stop]
        return self._store.read(lambda connection, _: read_output(connection, self._key, start, stop), b"")

    def _captured_out(self) -> bytes:
        query = select(_RUN.c.captured_out).where(_RUN.c.id == self._key)
        text = self._store.read(lambda connection, _: connection.execute(query).scalar(), None)
        return b"" if text is None else str(text).encode("utf-8", "replace")

    # ------------------------------------------------------------------------------------------------- metrics

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        names: dict[int, str] = {}
        names = self._store.read(lambda connection, ours: metric_names(connection, self._key) if ours else {}, names)
        last: int | None = -1
        while names and last is not None:
            points, last = self._page(last, names, wanted)
            yield from points

    def _page(
        self, after: int, names: dict[int, str], wanted: Callable[[str], bool] | None
    ) -> tuple[list[Points], int | None]:
        def page(connection: Connection, ours: bool) -> tuple[list[Points], int | None]:
            del ours
            return read_page(connection, self._key, after, names, wanted)

        nothing: tuple[list[Points], int | None] = ([], None)
        return self._store.read(page, nothing)

    def metrics(self, wanted: Callable[[str], bool] | None, at_most: int | None) -> Iterator[Points]:
        """Each metric in one piece, or so many points of it."""
        for points in joined(self.read_points(wanted)).values():
            yield points if at_most is None else points.thinned(at_most)

    def count_points(self) -> int:
        query = select(func.count()).select_from(_POINT).where(_POINT.c.run == self._key)
        return self._store.read(lambda connection, ours: connection.execute(query).scalar_one() if ours else 0, 0)

    # --------------------------------------------------------------------------------------------------- files

    def open(self, file: RecordedFile) -> BinaryIO:
        table, key = file.key
        owner = self._source(key) if table == source.name else key
        content = None if owner is None else self._content(table, owner)
        if content is None:
            raise FileNotFoundError(f"the content of {file.name} is not stored any more")
        return content

    def _source(self, digest: str) -> int | None:
        query = select(_SOURCE.c.source_id).where(_SOURCE.c.md5sum == digest).limit(1)
        return self._store.read(lambda connection, _: connection.execute(query).scalar(), None)

    def _content(self, table: str, owner: int) -> BinaryIO | None:
        store = self._store

        def size(connection: Connection, ours: bool) -> int | None:
            return size_in_pieces(connection, table, owner) if ours else None

        in_pieces = store.read(size, None)
        if in_pieces is not None:
            return io.BufferedReader(Pieces(lambda number: self._piece(table, owner, number), in_pieces))
        found = store.read(lambda connection, _: whole(connection, table, owner), None)
        return None if found is None else io.BytesIO(found)

    def _piece(self, table: str, owner: int, number: int) -> bytes | None:
        return self._store.read(lambda connection, _: piece(connection, table, owner, number), None)
