"""MongoDB for tests: SecantusDB, which speaks its protocol and comes with pip, or the server in HALLOW_TEST_MONGO_URI."""

# What SecantusDB 0.7.0b3 is like, as measured (test_servers_mongo.py holds it to what matters to us):
#
# - `hello` describes the primary of a replica set of one ("secantus", wire version 27, "8.2.11"), with sessions and a
#   topologyVersion. A client that is not told `directConnection=true` follows the address in it, past a proxy.
# - There are: update pipelines ($set, $unset, $replaceWith with $concat, $literal, $substrBytes, $strLenBytes,
#   $concatArrays, $cond, $ifNull), $push with $each, $position and $slice, $addToSet, $pull, arrayFilters, `$size`,
#   `$expr` and `a.4: {$exists}` in filters, projections with $slice, $elemMatch and expressions, unique, sparse, partial
#   and TTL indexes, createIndexes, bulk_write (ordered or not), find_one_and_update with upsert, sort and pipelines,
#   GridFS, transactions, change streams, capped collections, validators, aggregation with $lookup, $facet, $merge.
# - A write that the driver sends again after a lost reply is done once. Simultaneous $inc, $push and guarded updates,
#   and 64 clients at a time, lose nothing.
# - There are no text and hashed indexes, no $where, no $function; a collation in `find` has no effect.
# - find_one_and_update(upsert=True, return_document=AFTER), by several clients for a document that is not there yet, may
#   return None although the update is done. mongod returns the document. Make the document first.
# - Slow: $push to an array of 10^4 numbers 30 ms, of 5 * 10^4 150 ms; an index on 10^4 documents 1.5 s; dropping 5000
#   documents 0.13 s. Appending by $concat to a string of 10^6 bytes takes 9 ms, of 5 * 10^6 67 ms.
# - A document stays below 16 MiB: DocumentTooLarge from the driver, code 10334 from an update that would make it larger.
# - It starts in 0.25 s. SIGTERM ends it after 2 s; if clients connect in that moment, sometimes not at all.
# - After a fail point that closes a connection, or with an error that says that the primary has gone (11600, 10107, 91),
#   the driver waits for its next heartbeat: ten seconds, unless it has `heartbeatFrequencyMS=500`.

from __future__ import annotations

import os
import sys
import threading
from collections import Counter
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit, urlunsplit

import bson
from pymongo import MongoClient, monitoring

from servers.processes import Process, Server
from servers.proxy import Proxy

#: Names the server to use instead of one of our own.
VARIABLE = "HALLOW_TEST_MONGO_URI"


class Mongo:
    """A MongoDB server that takes connections.

    Args:
        uri: where it is.

    Attributes:
        uri: the same; ``mongodb://127.0.0.1:PORT`` for a server of our own.
    """

    #: Whether it is there, as far as we know.
    is_running = True

    def __init__(self, uri: str) -> None:
        self.uri = uri

    @property
    def address(self) -> tuple[str, int]:
        """Host and port of the (first) server."""
        host, _, port = urlsplit(self.uri).netloc.rpartition("@")[2].split(",")[0].partition(":")
        return host, int(port or 27017)

    def uri_of(self, database: str, proxy: Proxy | None = None, **options: object) -> str:
        """The URI of one database.

        Args:
            database: its name.
            proxy: the way to the server. The client is told not to look for the members of a replica set, because it
                would go straight to them.
            options: further options of the URI, such as ``connectTimeoutMS=500``.
        """
        scheme, netloc, _, query, _ = urlsplit(self.uri)
        if proxy is not None:
            user, at, _ = netloc.rpartition("@")
            netloc = f"{user}{at}{proxy.host}:{proxy.port}"
            options = {"directConnection": "true", **options}
        words = [query, *(f"{name}={value}" for name, value in options.items())]
        return urlunsplit((scheme, netloc, f"/{database}", "&".join(filter(None, words)), ""))

    def client(self, **options: object) -> MongoClient:
        """A client of its own for whoever asks, to be closed by them (``with server.client() as client:``).

        The options are those of MongoClient; it gives up looking for the server after five seconds instead of thirty.
        """
        return MongoClient(self.uri, **{"serverSelectionTimeoutMS": 5000, **options})

    def drop(self, database: str) -> None:
        """Remove a database, if there is one of that name."""
        with self.client() as client:
            client.drop_database(database)

    @contextmanager
    def fail_point(
        self,
        *commands: str,
        times: int | None = None,
        close: bool = False,
        error: int | None = None,
        block: float = 0.0,
        app_name: str | None = None,
    ):
        """Commands fail, for every client of this server, until the block ends.

        Args:
            commands: names of commands as on the wire, such as "insert", "update", "findAndModify", "find".
            times: how many of them fail; None is all.
            close: close the connection instead of doing the command.
            error: answer with this error code instead of doing the command.
            block: do the command after so many seconds.
            app_name: only for clients with this ``appName``.
        """
        data: dict[str, object] = {"failCommands": list(commands)}
        if close:
            data["closeConnection"] = True
        if error is not None:
            data["errorCode"] = error
        if block:
            data |= {"blockConnection": True, "blockTimeMS": round(block * 1000)}
        if app_name is not None:
            data["appName"] = app_name
        self._configure({"mode": "alwaysOn" if times is None else {"times": times}, "data": data})
        try:
            yield
        finally:
            if self.is_running:  # a server that was killed meanwhile has no fail point any more
                self._configure({"mode": "off"})

    def _configure(self, settings: dict[str, object]) -> None:
        with self.client() as client:
            client.admin.command({"configureFailPoint": "failCommand", **settings})


class MongoServer(Server, Mongo):
    """SecantusDB in a process of its own, with test commands (:meth:`Mongo.fail_point`) enabled.

    Args:
        durable: keep the data in a folder and sync every commit, so that it survives :meth:`kill` and
            :meth:`restart`; otherwise it is gone when the process is.
    """

    kind = "mongo"

    def __init__(self, durable: bool = False) -> None:
        super().__init__(in_memory=not durable)
        self._storage = ["--storage-path", "data", "--sync-on-commit"] if durable else ["--storage-path", ":memory:"]

    @property
    def uri(self) -> str:
        """Where it is."""
        return f"mongodb://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it takes connections."""
        self._process = Process(
            [
                *(sys.executable, "-m", "secantus", "--host", "127.0.0.1", "--port", str(self.port)),
                *("--cache-size", "1G", "--enable-test-commands", *self._storage),
            ],
            self.folder,
            ready=r"listening on 127\.0\.0\.1:(\d+)",
            env={**os.environ, "TMPDIR": str(self.folder)},  # ":memory:" is a folder for temporary files
        )
        self.port = int(self._process.ready[1])

    def stop(self) -> None:
        """End it, by SIGKILL: after SIGTERM it takes two seconds, and in the durable kind every commit is synced."""
        self.kill()


class CommandCounter(monitoring.CommandListener):
    """Counts the commands that clients send: ``MongoClient(uri, event_listeners=[CommandCounter()])``.

    Handshakes and heartbeats of the driver are not among them.

    Args:
        database: count only what is sent to this database.

    Attributes:
        counts: how often each command was sent, by name ("insert", "update", "findAndModify", "find" ...).
        sizes: bytes of the command documents, by name; a document includes about 150 bytes of session and cluster time.
        documents: the command documents, oldest first.
    """

    def __init__(self, database: str | None = None) -> None:
        self._database = database
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Start again at zero."""
        with self._lock:
            self.counts: Counter[str] = Counter()
            self.sizes: Counter[str] = Counter()
            self.documents: list[dict[str, object]] = []

    @property
    def total(self) -> int:
        """How many commands were sent."""
        return sum(self.counts.values())

    @property
    def total_size(self) -> int:
        """Bytes of all their documents."""
        return sum(self.sizes.values())

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        """A command is about to be sent."""
        if self._database in (None, event.database_name):
            document = dict(event.command)
            size = len(bson.encode(document))
            with self._lock:
                self.counts[event.command_name] += 1
                self.sizes[event.command_name] += size
                self.documents.append(document)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Not counted."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Not counted."""


class _Everywhere(monitoring.CommandListener):
    """Listens to every client made from now on; the driver knows no way to stop that, so who listens is our affair."""

    def __init__(self) -> None:
        self.counters: list[CommandCounter] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        for counter in list(self.counters):
            counter.started(event)

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


@cache
def _everywhere() -> _Everywhere:
    listener = _Everywhere()
    monitoring.register(listener)
    return listener


@contextmanager
def counting(database: str | None = None):
    """A :class:`CommandCounter` of every client that this process makes in the block, whoever makes it."""
    counter = CommandCounter(database)
    counters = _everywhere().counters
    counters.append(counter)
    try:
        yield counter
    finally:
        counters.remove(counter)
