"""Reading runs in MongoDB: what hallow and Sacred wrote, whatever state it is in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from hallow.backends.mongo.addresses import Address, shown_url
from hallow.backends.mongo.database import Database
from hallow.backends.mongo.deleting import delete_run, remove_beside
from hallow.backends.mongo.details import read_details, read_marks, write_details
from hallow.backends.mongo.driver import Connection, require_driver
from hallow.backends.mongo.files import GridFile
from hallow.backends.mongo.finding import find_run
from hallow.backends.mongo.large import load_large
from hallow.backends.mongo.listed import files_of, ids_of_files
from hallow.backends.mongo.metrics import read_metric_documents
from hallow.backends.mongo.output import output_size, read_output
from hallow.backends.mongo.points import count_points, has_points, read_points
from hallow.backends.mongo.values import from_bson
from hallow.errors import RecordError
from hallow.records.contents import Contents
from hallow.stores.base import Store
from hallow.stores.documents import damaged, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hallow.backends.mongo.observer import MongoObserver
    from hallow.records.points import Points
    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["MongoStore", "is_links"]

#: Runs that are read together.
_TOGETHER = 100
_T = TypeVar("_T")
_DAMAGE = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


class MongoStore(Store):
    """The runs in a database; see :mod:`hallow.backends.mongo.layout`.

    Args:
        url: ``mongodb://host:port/database``; for collections of other names ``/database.COLLECTION``, or
            ``?collection_prefix=P``. It may hold user and password, and the driver's options. By default, the database
            is ``sacred``, and a server that is not there is given up after four seconds.

    Raises:
        MissingExtraError: (an ImportError) without pymongo.
        StoreError: if the server cannot be reached, or refuses.
    """

    def __init__(self, url: str) -> None:
        require_driver()
        address = Address.of(url)
        self._own: Connection | None = Connection(address.url)
        self._server: str | None = address.url
        shown = shown_url(address.url, address.database, address.names)
        self._use(Database(self._own, self._own.client[address.database], address.names, shown))
        self._database.ping()

    @classmethod
    def over(cls, database: Database) -> MongoStore:
        """The store over collections that somebody has opened already; closing it does not close their connection."""
        self = cls.__new__(cls)
        self._own, self._server = None, None
        self._use(database)
        return self

    def _use(self, database: Database) -> None:
        self._database = database
        self.url = database.url

    def close(self) -> None:
        """Let the connection go, if it is this store's own."""
        if self._own is not None:
            self._own.close()

    def observer(self) -> MongoObserver:
        """An observer that records into this store, over its connection."""
        from hallow.backends.mongo.observer import MongoObserver

        database = self._database
        return MongoObserver.over(database.runs, database.metrics, database.connection, self._server)

    # ---------------------------------------------------------------------------------------------- runs

    def ids(self) -> Iterator[Any]:
        """The ids of all runs, numbers first."""
        with self._database.reaching():
            for one in self._database.runs.find({}, {"_id": 1}).sort("_id", 1):
                yield _shown_id(one["_id"])

    def __len__(self) -> int:
        with self._database.reaching():
            return self._database.runs.count_documents({})

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        with self._database.reaching():
            (record,) = self._records([self._document(run_id)])
        return record

    def _document(self, run_id: Any) -> dict[str, Any]:
        found = find_run(self._database, run_id)
        if found is None:
            raise self.not_found(run_id)
        return found

    def runs(self) -> Iterator[RunRecord]:
        """All runs, in the order of their ids, read by the hundred; neither metrics nor output are read."""
        return self.select({})

    def select(self, chosen: Mapping[str, Any]) -> Iterator[RunRecord]:
        """The runs that a filter of MongoDB chooses, in the order of their ids."""
        runs = self._database.runs
        with self._database.reaching():
            # All ids first: a listing may take longer than a server keeps a cursor.
            ids = [one["_id"] for one in runs.find(chosen, {"_id": 1}).sort("_id", 1)]
            for start in range(0, len(ids), _TOGETHER):
                found = runs.find({"_id": {"$in": ids[start : start + _TOGETHER]}}, _LISTED).sort("_id", 1)
                yield from self._records(list(found))

    def _records(self, documents: list[dict[str, Any]]) -> list[RunRecord]:
        marks = read_marks(self._database, [one["_id"] for one in documents])
        wanted = list({identity for one in documents for identity in ids_of_files(one)})
        files = {one["_id"]: one for one in self._database.files.find({"_id": {"$in": wanted}})} if wanted else {}
        return [self._record(one, marks.get(repr(one["_id"]), {}), files) for one in documents]

    def _record(self, document: dict[str, Any], marks: dict[str, Any], files: Mapping[Any, Any]) -> RunRecord:
        contents = _MongoRun(self._database, document, marks)
        shown = _shown_id(document["_id"])
        try:
            return read_record(
                contents.flat(),
                contents,
                run_id=shown,
                store=self.url,
                marks=contents.marks,
                files=files_of(document, files, contents),
            )
        except _DAMAGE as error:
            return damaged(shown, self.url, contents, error)

    def delete(self, run_id: Any) -> None:
        """Remove a run with all that belongs to it, and the sources and resources that no other run refers to.

        Other runs are asked for these one by one as far as it takes, so this lasts longer in a large store.
        """
        with self._database.reaching():
            delete_run(self._database, self._document(run_id))


# What is long, and has a place of its own.
_LISTED = {"captured_out": 0}


def _shown_id(run_id: Any) -> Any:
    return run_id if isinstance(run_id, str) else from_bson(run_id)


def is_links(value: Any) -> bool:
    """Whether this is what ``info["metrics"]`` is for Sacred's tools, and not something of the user's."""
    return isinstance(value, list) and all(
        isinstance(link, dict) and link.keys() == {"name", "id"} and isinstance(link["id"], str) for link in value
    )


class _MongoRun(Contents):
    """One run.

    Attributes:
        marks: owner, tags and notes.
    """

    def __init__(self, database: Database, document: dict[str, Any], marks: dict[str, Any]) -> None:
        self._database = database
        self._id = document["_id"]
        self._document: dict[str, Any] | None = document
        info = document.get("info")
        links: Any = info.get("metrics") if isinstance(info, dict) else None
        self._links: list[dict[str, Any]] = links if is_links(links) else []
        # Of an earlier run of this id, which another program has removed without what it did not know.
        self._is_foreign = marks.get("began") not in (None, document.get("start_time"))
        self.marks = {} if self._is_foreign else dict(marks)
        omniboard = document.get("omniboard")
        for name in ("tags", "notes"):
            if name not in self.marks and isinstance(omniboard, dict) and name in omniboard:
                self.marks[name] = omniboard[name]

    def flat(self) -> dict[str, Any]:
        """The document with flat values, once."""
        document, self._document = self._document or {}, None
        info = document.get("info")
        if self._links and isinstance(info, dict):
            document = {**document, "info": {key: value for key, value in info.items() if key != "metrics"}}
        return {key: from_bson(value, self._load) for key, value in document.items()}

    def _load(self, reference: Any) -> Any:
        return load_large(self._database, reference)

    def details(self) -> dict[str, Any]:
        if self._is_foreign:
            return {}
        with self._database.reaching():
            return {**self._omniboard(), **read_details(self._database, self._id)}

    def _omniboard(self) -> dict[str, Any]:
        return {name: self.marks[name] for name in ("tags", "notes") if name in self.marks}

    def annotate(self, name: str, value: Any) -> None:
        with self._database.reaching():
            if self._is_foreign:
                remove_beside(self._database, self._id)
                self._is_foreign = False
            write_details(self._database, self._id, {name: value})

    # --------------------------------------------------------------------------------------------- output

    def output_size(self) -> int:
        size = self._logged(lambda: output_size(self._database, self._id))
        return len(self._shown()) if size is None else size

    def read_output(self, start: int, stop: int) -> bytes:
        if stop <= start:
            return b""
        found = self._logged(lambda: read_output(self._database, self._id, start, stop))
        return self._shown()[start:stop] if found is None else found

    def _logged(self, read: Callable[[], _T | None]) -> _T | None:
        """What the log of the output gives; ``None`` if there is none."""
        if self._is_foreign:
            return None
        try:
            with self._database.reaching():
                return read()
        except _DAMAGE as error:
            problem = f"{type(error).__name__}: {error}"
            raise RecordError(f"the output of run {self._id} cannot be read: {problem}") from error

    def _shown(self) -> bytes:
        """The output in the run document: of Sacred's runs, all of it."""
        with self._database.reaching():
            found = self._database.runs.find_one({"_id": self._id}, {"captured_out": 1}) or {}
        text = found.get("captured_out")
        return text.encode("utf-8", "backslashreplace") if isinstance(text, str) else b""

    # -------------------------------------------------------------------------------------------- metrics

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        with self._database.reaching():
            if not self._is_foreign and has_points(self._database, self._id):
                yield from read_points(self._database, self._id, wanted)
            else:
                yield from read_metric_documents(self._database, self._id, self._links, wanted)

    def count_points(self) -> int:
        with self._database.reaching():
            count = 0 if self._is_foreign else count_points(self._database, self._id)
        return count or super().count_points()

    def open(self, file: RecordedFile) -> BinaryIO:
        key = file.key
        if key is None and file.md5:  # a resource
            with self._database.reaching():
                found = self._database.files.find_one({"md5": file.md5}, {"_id": 1})
            key = None if found is None else found["_id"]
        return GridFile.opened(self._database, key, file.name)
