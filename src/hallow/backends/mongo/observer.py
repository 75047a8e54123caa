"""The observer that keeps runs in MongoDB."""

from __future__ import annotations

import json
import logging
import time
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hallow.backends.keeping import ArtifactFile, SourceFile, StoreObserver
from hallow.backends.mongo.addresses import parse_mongo_db_arg, shown_url, with_user
from hallow.backends.mongo.arguments import bucket_of, may_be_told, names_for, whole_number
from hallow.backends.mongo.database import Database
from hallow.backends.mongo.deleting import links_in, remove_beside
from hallow.backends.mongo.details import claim, write_details
from hallow.backends.mongo.driver import Connection, is_client, place_of, require_driver
from hallow.backends.mongo.entries import KNOWN, add_run, check_overwritten, encoded, overwrite_run, take_queued_run
from hallow.backends.mongo.files import Files
from hallow.backends.mongo.finding import find_run
from hallow.backends.mongo.large import Packing, load_large, remove_large, write_large
from hallow.backends.mongo.lastresort import dump
from hallow.backends.mongo.layout import COLLECTION_NAME_BLACKLIST, Names
from hallow.backends.mongo.listed import list_in
from hallow.backends.mongo.recording import Recording
from hallow.backends.mongo.store import MongoStore, is_links
from hallow.backends.mongo.values import from_bson, to_bson
from hallow.errors import ObserverError, RunStateError, StoreError, UsageError
from hallow.records.encoding import flatten
from hallow.records.urls import without_password

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from typing_extensions import Self

    from hallow.records.points import Points

__all__ = ["DEFAULT_MONGO_PRIORITY", "MongoObserver", "QueueCompatibleMongoObserver"]

DEFAULT_MONGO_PRIORITY = 30

_log = logging.getLogger("hallow.store")
#: How often a final event that is called without a run is tried, by status, and the seconds in between.
_ATTEMPTS, _PAUSE = {"COMPLETED": 10, "FAILED": 1}, 1.0
#: Entries of ``info["metrics"]``; a document must not get too large.
_MOST_LINKS = 10_000


class MongoObserver(StoreObserver):
    """Keeps runs in a MongoDB database, see :mod:`hallow.backends.mongo.layout`.

    Nothing is sent before a run starts, unless one is to be overwritten.

    Args:
        url: of the server: a URL of MongoDB or ``host:port``; by default the server on this machine.
        db_name: the database.
        collection: of the runs. Another name than ``runs`` is deprecated: use ``collection_prefix``.
        collection_prefix: ``P`` for the collections ``P_runs`` and ``P_metrics``.
        overwrite: id of a run that the first run of this observer replaces. Fields that other programs gave it stay.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        client: a ``pymongo.MongoClient`` instead of the URL.
        failure_dir: a folder for what a final event could not store that was called without a run (a run keeps it in
            its journal); by default one among hallow's own files.
        kwargs: further arguments of ``pymongo.MongoClient``. A server that is not there is given up after four seconds,
            unless these or the URL say otherwise.

    Attributes:
        runs: the collection of runs (of pymongo).
        metrics: the collection of metrics; ``None`` if there is none.
        fs: the files (``gridfs.GridFS``).
        overwrite: id of a run to be overwritten, or ``None``.
        failure_dir: as given.

    Raises:
        MissingExtraError: (an ImportError) without pymongo.
        NameInUseError: (a KeyError) if a collection's name belongs to somebody else.
        RunStateError: (a RuntimeError) if there is no run to overwrite.
        StoreError: if the URL makes no sense.
        UsageError: (a ValueError) if arguments exclude each other.
    """

    VERSION = "MongoObserver-0.7.0"
    COLLECTION_NAME_BLACKLIST = COLLECTION_NAME_BLACKLIST
    _connection: Connection | None = None
    _url: str | None = None
    _options: Mapping[str, Any] = {}
    _overwritten = False
    # Whether final events raise, also those that are called without a run.
    _raises = False

    def __init__(
        self,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        collection_prefix: str = "",
        overwrite: int | str | None = None,
        priority: float = DEFAULT_MONGO_PRIORITY,
        client: Any = None,
        failure_dir: str | None = None,
        **kwargs: Any,
    ) -> None:
        require_driver()
        from gridfs import GridFS

        names = names_for(collection, collection_prefix)
        if client is not None and not is_client(client):
            raise UsageError(f"client has to be a pymongo.MongoClient, not {client!r:.80}", print_usage=False)
        if client is not None and url is not None:
            raise UsageError("Cannot pass both a client and a url.", print_usage=False)
        self._connection, self._url, self._options = Connection(url, kwargs, client), url, kwargs
        database = self._connection.client[db_name]
        self.initialize(
            database[names.runs],
            GridFS(database),
            overwrite=overwrite,
            metrics_collection=database[names.metrics or ""],
            failure_dir=failure_dir,
            priority=priority,
        )

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Deprecated: call the class."""
        warnings.warn(
            f"{cls.__name__}.create is deprecated; call {cls.__name__}(...)", DeprecationWarning, stacklevel=2
        )
        order = ("url", "db_name", "collection", "overwrite", "priority", "client", "failure_dir")
        return cls(**dict(zip(order, args, strict=False)), **kwargs)

    @classmethod
    def create_from(cls, *args: Any, **kwargs: Any) -> Self:
        """An observer over collections and files that are open already; :meth:`initialize` has the arguments."""
        self = cls.__new__(cls)
        self.initialize(*args, **kwargs)
        return self

    @classmethod
    def over(cls, runs_collection: Any, metrics_collection: Any, connection: Any, url: str | None) -> Self:
        """An observer over collections of a connection that a store has opened."""
        from gridfs import GridFS

        self = cls.__new__(cls)
        self._connection, self._url = connection, url
        self.initialize(runs_collection, GridFS(runs_collection.database), metrics_collection=metrics_collection)
        return self

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The observer that a value of ``-m`` describes, see :mod:`hallow.backends.mongo.addresses`."""
        return cls(**parse_mongo_db_arg(text))

    def initialize(
        self,
        runs_collection: Any,
        fs: Any,
        overwrite: int | str | None = None,
        metrics_collection: Any = None,
        failure_dir: str | None = None,
        priority: float = DEFAULT_MONGO_PRIORITY,
    ) -> None:
        """What all ways to make an observer have in common.

        Args:
            runs_collection: of pymongo.
            fs: a ``gridfs.GridFS``.
            overwrite: as for the class, like the others.
            metrics_collection: of pymongo; ``None`` for no metric documents.
            failure_dir: as for the class.
            priority: as for the class.
        """
        super().__init__(priority)
        self.runs, self.metrics, self.fs = runs_collection, metrics_collection, fs
        self.overwrite = whole_number(overwrite)
        self.failure_dir = failure_dir
        database = runs_collection.database
        self._client = database.client
        names = Names(runs_collection.name, None if metrics_collection is None else metrics_collection.name)
        place = shown_url(self._url or place_of(self._client), database.name, names)
        self._database = Database(self._connection, database, names, place, bucket_of(fs))
        if self.overwrite is not None:
            with self._database.reaching():
                check_overwritten(self._database, self.overwrite)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._database.url!r})"

    @property
    def url(self) -> str:
        """Of the store, without a password."""
        return self._database.url

    __hash__ = StoreObserver.__hash__

    def __eq__(self, other: object) -> bool:
        return bool(self.runs == other.runs) if isinstance(other, MongoObserver) else NotImplemented

    def store(self) -> MongoStore:
        """The store, for reading, over the connection of this observer."""
        return MongoStore.over(self._database)

    def recovery(self) -> dict[str, Any]:
        """How another process makes this observer again; it has to be told the password."""
        own, names, options = type(self), self._database.names, dict(self._options)
        url = with_user(self._url or place_of(self._client), options.pop("username", None))
        return {
            "class": f"{own.__module__}:{own.__qualname__}",
            "arguments": {
                "url": without_password(url),
                "db_name": self.runs.database.name,
                **({"collection": names.runs} if names.prefix is None else {"collection_prefix": names.prefix}),
                "priority": self.priority,
                **{name: value for name, value in options.items() if may_be_told(name, value)},
            },
        }

    # ----------------------------------------------------------------------------------------- state of a run

    def _reset(self) -> None:
        super()._reset()
        self._recording: Recording | None = None
        self._files: Files | None = None
        self._is_fresh = True
        # The details that there are; None if that is not known.
        self._details: set[str] | None = None
        self._links_at_once = False
        # Entries that a subclass has added to the document, as they were sent last.
        self._added = "{}"
        # Points that could not be stored and that nobody will send again.
        self._unsent: list[Points] = []
        self._said: set[str] = set()

    def _written(self) -> Recording:
        self._entry()
        assert self._recording is not None
        return self._recording

    # ---------------------------------------------------------------------------------------------- beginning

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Keep a run for later; see :meth:`hallow.backends.keeping.StoreObserver.queued_event`.

        Raises:
            RunStateError: (a RuntimeError) if this observer is to overwrite a run.
        """
        if self.overwrite is not None:
            raise RunStateError("Can't overwrite with QUEUED run.")
        return super().queued_event(ex_info, command, host_info, queue_time, config, meta_info, _id)

    @contextmanager
    def _beginning(self) -> Iterator[None]:
        with super()._beginning():
            if self.overwrite is not None and self._overwritten:
                raise RunStateError("Cannot overwrite more than once!")
            self._files = Files(self._database)
            self._database.prepare()
            yield

    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        document.setdefault("heartbeat", None)
        with self._database.reaching():
            if self.overwrite is None:
                return self._began(add_run(self._database, run_id, document), document)
            overwrite_run(self._database, self.overwrite, document)
            self._overwritten = True
            return self._began(self.overwrite, document)

    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        with self._database.reaching():
            found = take_queued_run(self._database, run_id, document)
        return None if found is None else self._began(found, document)

    def _began(self, run_id: Any, document: dict[str, Any]) -> Any:
        document["_id"] = run_id
        self._recording = Recording(self._database, run_id)
        return run_id

    def _load(self, run_id: Any) -> dict[str, Any]:
        self._database.prepare()
        with self._database.reaching():
            document = find_run(self._database, run_id)
            if document is None:
                raise self.store().not_found(run_id)
            entry = {key: from_bson(value, self._load_large) for key, value in document.items()}
        self._recording = Recording(self._database, document["_id"], links_in(document))
        self._files, self._is_fresh = Files(self._database), False
        info = document.get("info")
        self._links_at_once = isinstance(info, dict) and is_links(info.get("metrics", []))
        # What refers to files is sent as it is.
        entry.update(
            _id=document["_id"], artifacts=list_in(document, "artifacts"), resources=list_in(document, "resources")
        )
        entry["experiment"] = {
            **entry.get("experiment", {}),
            "sources": list_in(document.get("experiment"), "sources"),
        }
        return entry

    def _load_large(self, reference: Any) -> Any:
        return load_large(self._database, reference)

    # ------------------------------------------------------------------------------------------- during a run

    def heartbeat_event(self, info: dict[str, Any], captured_out: str | None, beat_time: datetime, result: Any) -> None:
        """Store what is new; the output is in ``captured_out`` if it does not come by :meth:`output_event`.

        ``info["metrics"]`` is set to what Sacred's tools find there: name and id of the metric documents.
        """
        self._link(info)
        super().heartbeat_event(info, captured_out, beat_time, result)

    def _link(self, info: dict[str, Any]) -> None:
        links = self._written().links
        if not links:
            return
        if not is_links(info.get("metrics", [])):
            self._say_once(
                "info['metrics'] is yours; tools that look for the metrics of a run there will not find them"
            )
            return
        info["metrics"] = links[:_MOST_LINKS]

    def _say_once(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            _log.warning("%s", message)

    # The four stand here together: see `takes_increments` of the observers' interface.

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Store new points of metrics; ``info["metrics"]`` is set as by :meth:`heartbeat_event`."""
        super().log_metrics(metrics_by_name, info)
        self._link(info)

    def points_event(self, points: list[Points]) -> None:
        """Store new points of metrics."""
        try:
            super().points_event(points)
        except (StoreError, ObserverError):
            if not self._taken:
                self._unsent += [some for some in points if some not in self._unsent]
            raise
        self._unsent = [some for some in self._unsent if some not in points]

    def output_event(self, text: str, position: int) -> None:
        """Store new output."""
        super().output_event(text, position)

    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        recording = self._written()
        added, text = self._added_entries()
        packing = Packing()
        fields = encoded({**changes, **added}, packing)
        with self._database.reaching():
            if "stop_time" in changes:
                recording.heal()
            write_large(self._database, recording.run_id, packing.parts)
            found = recording.update(fields, removed)
            remove_large(self._database, recording.replaced(fields))
        self._added = text
        if not found and "stop_time" in changes:
            self.save()

    def _added_entries(self) -> tuple[dict[str, Any], str]:
        """What a subclass has put into the document, if that is new, and as text."""
        added = {key: flatten(value, path=key) for key, value in self._entry().items() if key not in KNOWN}
        text = json.dumps(added, default=str)
        return ({} if text == self._added else added), text

    def save(self) -> None:
        """Store the document as a whole, also if somebody has removed it; for subclasses that change ``run_entry``."""
        recording = self._written()
        packing = Packing()
        fields = encoded({**self._entry(), "captured_out": recording.shown.text}, packing)
        with self._database.reaching():
            write_large(self._database, recording.run_id, packing.parts)
            self._database.runs.update_one({"_id": recording.run_id}, {"$set": fields}, upsert=True)
            remove_large(self._database, recording.replaced(fields))

    def _add(self, field: str, entry: Any) -> None:
        with self._database.reaching():
            change = {"$addToSet": {field: to_bson(entry)}}
            self._database.runs.update_one({"_id": self._written().run_id}, change)

    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        with self._database.reaching():
            return list(self._given_files().keep_sources(sources, self._base_dir))

    def _keep_resource(self, filename: str, md5: str) -> Any:
        with self._database.reaching():
            self._given_files().keep_resource(filename, md5, self.copies.get(filename) or filename)
        return [filename, md5]

    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        with self._database.reaching():
            file_id = self._given_files().keep_artifact(self._written().run_id, artifact)
        return {"name": artifact.name, "file_id": file_id}

    def _given_files(self) -> Files:
        assert self._files is not None
        return self._files

    def _write_points(self, first: int, points: list[Points]) -> None:
        recording = self._written()
        before = len(recording.links)
        with self._database.reaching():
            recording.write_points(first, points)
            if self._links_at_once and len(recording.links) > before:  # there may come no heartbeat
                recording.update({"info.metrics": recording.links[:_MOST_LINKS]})

    def _write_output(self, position: int, data: bytes) -> None:
        with self._database.reaching():
            self._written().write_output(position, data)
        self._entry()["captured_out"] = self._written().shown.text

    def _set_details(self, details: dict[str, Any]) -> None:
        run_id, known = self._written().run_id, self._details
        began = {"began": self._entry().get("start_time")} if "owner" in details else {}
        self._details = None  # what is there is not known if this fails
        with self._database.reaching():
            if self._is_fresh and details.keys() == {"owner"}:
                if claim(self._database, run_id, details["owner"], began):
                    remove_beside(self._database, run_id, but_for=("owner",))
                known = set()
            else:
                are_new = known is not None and known.isdisjoint(details)
                write_details(self._database, run_id, details, began, are_new)
        self._is_fresh = False
        self._details = None if known is None else known | details.keys()

    def unfinished(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Id and process of the runs that are said to be going on."""
        for record in self.store().select({"status": "RUNNING"}):
            owner = record.details.get("owner")
            if isinstance(owner, dict):
                yield record.run_id, owner

    # ---------------------------------------------------------------------------------------------------- end

    def _finish(self, when: datetime, **facts: Any) -> None:
        if self._taken or self._raises:  # a run sends again what did not arrive
            super()._finish(when, **facts)
            return
        attempts = _ATTEMPTS.get(facts["status"], 3)
        for attempt in range(attempts):
            if attempt:
                time.sleep(_PAUSE)
            problem = self._tried_to_finish(when, facts)
            if problem is None:
                return
        self._save_elsewhere(problem)

    def _tried_to_finish(self, when: datetime, facts: Mapping[str, Any]) -> Exception | None:
        """Store what is left and the end, each also if the other fails; what went wrong."""
        problem: Exception | None = None
        for step in (self._send_unsent, lambda: StoreObserver._finish(self, when, **facts)):
            try:
                step()
            except (StoreError, ObserverError) as error:  # noqa: PERF203 - two rounds
                problem = error
        return problem

    def _send_unsent(self) -> None:
        if self._unsent:
            self.points_event(list(self._unsent))

    def _save_elsewhere(self, problem: Exception | None) -> None:
        try:
            path = dump(self._entry(), self._unsent, self.failure_dir)
        except OSError as error:
            _log.error(
                "%s: run %s could not be stored (%s), and neither in a file: %s", self, self.run_id, problem, error
            )
        else:
            _log.error("%s: run %s could not be stored (%s); what it told is in %s", self, self.run_id, problem, path)


class QueueCompatibleMongoObserver(MongoObserver):
    """A MongoObserver whose final events raise what goes wrong, for a queue that sends them again."""

    _raises = True
