"""One store: its collections, ready to be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.driver import reaching
from hallow.backends.mongo.layout import VERSION
from hallow.errors import StoreError

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pymongo import MongoClient
    from pymongo.collection import Collection
    from pymongo.database import Database as ServerDatabase

    from hallow.backends.mongo.driver import Connection
    from hallow.backends.mongo.layout import Names

__all__ = ["Database"]

# Somebody has such an index already, with another name or other options; that is as good.
_INDEX_EXISTS = frozenset({85, 86})
_COLLECTIONS = ("runs", "metrics", "files", "chunks", "details", "points", "output", "large")


class Database:
    """The collections of a store.

    Nothing is sent before something is asked.

    Args:
        connection: to the server, if it is ours to keep alive.
        database: on the server.
        names: of the collections.
        url: of the store, without a password.
        bucket: name of the GridFS bucket.

    Attributes:
        connection: to the server, if it is not somebody else's.
        names: of the collections.
        url: of the store, without a password.
        runs, metrics, files, chunks, details, points, output, large: collections; ``metrics`` may be ``None``.
    """

    def __init__(
        self,
        connection: Connection | None,
        database: ServerDatabase[dict[str, Any]],
        names: Names,
        url: str,
        bucket: str = "fs",
    ) -> None:
        self.connection = connection
        self._database = database
        self.names = names
        self.url = url
        self.bucket = bucket
        self.runs = self._collection(names.runs)
        self.metrics = None if names.metrics is None else self._collection(names.metrics)
        self.files = self._collection(f"{bucket}.files")
        self.chunks = self._collection(f"{bucket}.chunks")
        self.details = self._collection(names.own("details"))
        self.points = self._collection(names.own("points"))
        self.output = self._collection(names.own("output"))
        self.large = self._collection(names.own("large"))
        self._meta = self._collection(names.own("meta"))
        self._is_prepared = False

    @property
    def client(self) -> MongoClient[dict[str, Any]]:
        """The client."""
        return self._database.client

    @property
    def root(self) -> Collection[dict[str, Any]]:
        """What GridFS calls the bucket."""
        return self._collection(self.bucket)

    def _collection(self, name: str) -> Collection[dict[str, Any]]:
        """A collection that is read whatever other programs have put into it."""
        from bson.codec_options import CodecOptions, DatetimeConversion

        options: CodecOptions[dict[str, Any]] = CodecOptions(
            unicode_decode_error_handler="replace", datetime_conversion=DatetimeConversion.DATETIME_AUTO
        )
        return self._database.get_collection(name, codec_options=options)

    def reaching(self) -> AbstractContextManager[None]:
        """See :func:`hallow.backends.mongo.driver.reaching`."""
        return reaching(self.url)

    def ping(self) -> None:
        """Ask whether the server is there.

        Raises:
            StoreError: if it is not, or refuses.
        """
        with self.reaching():
            self._database.command("ping")

    def prepare(self) -> None:
        """Before the first run is written: check the version of what is there, and make the indexes if there are none.

        What a single server has confirmed from then on survives its death, unless the client asks for something else.

        Raises:
            StoreError: if a newer version of hallow has written it, or this is not allowed.
        """
        if self._is_prepared:
            return
        with self.reaching():
            found = self._meta.find_one({"_id": "layout"})
            version = None if found is None else found.get("version")
            if version != VERSION:
                self._check(version)
                self._make_indexes()
                self._mark(self._meta)
            if self._is_single_server():
                self._write_durably()
        self._is_prepared = True

    def _check(self, version: Any) -> None:
        if isinstance(version, int) and version > VERSION:
            raise StoreError(
                f"{self.url} was written by a newer version of hallow (layout {version}; this one knows {VERSION}); "
                "upgrade: pip install --upgrade hallow"
            )

    @staticmethod
    def _mark(meta: Collection[dict[str, Any]]) -> None:
        meta.update_one({"_id": "layout"}, {"$set": {"version": VERSION}}, upsert=True)

    def _is_single_server(self) -> bool:
        """Whether there is no replica set, whose defaults are better than anything that could be asked for here."""
        servers = self.client.topology_description.server_descriptions().values()
        return {server.server_type_name for server in servers} == {"Standalone"}

    def _write_durably(self) -> None:
        """Have writes confirmed when they are in the server's journal, if it has one."""
        from pymongo import WriteConcern
        from pymongo.errors import OperationFailure

        concern = WriteConcern(j=True)
        if not self._database.write_concern.is_server_default:
            return
        try:
            self._mark(self._meta.with_options(write_concern=concern))
        except OperationFailure:
            return
        for name in _COLLECTIONS:
            collection = getattr(self, name)
            if collection is not None:
                setattr(self, name, collection.with_options(write_concern=concern))

    def _make_indexes(self) -> None:
        from pymongo import IndexModel

        self._make(self.files, IndexModel([("filename", 1), ("uploadDate", 1)]), IndexModel("md5", sparse=True))
        self._make(self.chunks, IndexModel([("files_id", 1), ("n", 1)], unique=True))
        if self.metrics is not None:
            self._make(self.metrics, IndexModel([("run_id", 1), ("name", 1)]))
        self._make(self.points, IndexModel([("run_id", 1), ("first", 1), ("part", 1)]))
        self._make(self.output, IndexModel([("run_id", 1), ("start", 1)]))
        self._make(self.details, IndexModel("run_id"))
        self._make(self.large, IndexModel("run_id"))

    @staticmethod
    def _make(collection: Collection[dict[str, Any]], *models: Any) -> None:
        from pymongo.errors import OperationFailure

        for model in models:
            try:
                collection.create_indexes([model])
            except OperationFailure as error:  # noqa: PERF203 - two rounds
                if error.code not in _INDEX_EXISTS:
                    raise

    def collections_of_runs(self) -> list[Collection[dict[str, Any]]]:
        """All collections of the database that may have run documents: files may be theirs, too."""
        begins = ("system.", f"{self.bucket}.", "omniboard.")
        ends = ("metrics", *(f"hallow_{what}" for what in ("details", "points", "output", "large", "meta")))
        names = self._database.list_collection_names()
        return [self._collection(name) for name in names if not name.startswith(begins) and not name.endswith(ends)]
