"""The driver: loaded when it is needed, told how to connect, its errors put into words.

Passwords stay out of every message: the driver's errors are replaced, not chained.
"""

from __future__ import annotations

import os
import re
import weakref
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from hallow.errors import HallowError, MissingExtraError, ObserverError, StoreError
from hallow.records.urls import without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pymongo import MongoClient
    from pymongo.collection import Collection

__all__ = ["Connection", "insert_new", "is_client", "place_of", "reaching", "require_driver"]

#: Milliseconds until a server that is not there is given up.
_PATIENCE = 4000
# What the server answers to a document that it cannot take: nothing that would change with time.
_UNSTORABLE = frozenset({2, 9, 14, 15, 16, 17, 22, 52, 54, 55, 56, 57, 121, 10334, 17280, 17419, 17420})
_REFUSED_LOGIN = frozenset({18, 8000})
_FORBIDDEN = 13
_DUPLICATE_KEY = 11000
# What the driver tells for developers of drivers.
_TAIL = re.compile(r"\s*(\(configured timeouts|, Timeout: |, Topology Description|, full error: ).*", re.DOTALL)


def require_driver() -> None:
    """Load the driver.

    Raises:
        MissingExtraError: (an ImportError) without pymongo.
    """
    try:
        import pymongo  # noqa: F401 - whether it can be imported, as the one whose name users know
        import gridfs  # isort: skip
    except ImportError as error:
        raise MissingExtraError(
            f'MongoDB needs pymongo ({error}); install it: pip install "hallow[mongo]"', print_traceback=False
        ) from error
    del gridfs


class Connection:
    """A client and what it is called; shared by an observer, its copies, and the stores that it opens.

    A client of our own is closed when nobody has its connection any more.

    Args:
        url: of a server, as ``MongoClient`` takes it; ``None`` for its default.
        options: further arguments of ``MongoClient``.
        client: somebody else's client instead.

    Attributes:
        client: the client.

    Raises:
        MissingExtraError: without the driver.
        StoreError: if URL or options make no sense.
    """

    def __init__(
        self,
        url: str | None = None,
        options: dict[str, Any] | None = None,
        client: MongoClient[dict[str, Any]] | None = None,
    ) -> None:
        self.close = _nothing
        if client is not None:
            self.client = client
            return
        self.client = _connected(url, options or {})
        # Not when the interpreter ends: others may still be delivering then.
        self.close = weakref.finalize(self, _close, self.client, os.getpid())
        self.close.atexit = False


def _nothing() -> None:
    pass


def _connected(url: str | None, options: dict[str, Any]) -> MongoClient[dict[str, Any]]:
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    given = {name.lower() for name in options} | set(re.findall(r"[?&;](\w+)=", (url or "").lower()))
    defaults: dict[str, Any] = {"serverSelectionTimeoutMS": _PATIENCE, "appName": "hallow", "connect": False}
    own = {name: value for name, value in defaults.items() if name.lower() not in given}
    try:
        return MongoClient(url, **own, **options)
    except (PyMongoError, ValueError, TypeError) as error:
        # A slash in the password makes it something else to whoever takes the URL apart.
        shown = re.sub(r"(://[^:@]*):.*@", r"\1:***@", url or "the default server")
        raise StoreError(
            f"MongoDB cannot be reached: the address or an option of {shown} is not understood "
            f"({_cleaned(error, url)}); write it like mongodb://user:password@host:27017/database, with the special "
            "characters of user and password percent-encoded"
        ) from None


def _close(client: MongoClient[dict[str, Any]], process: int) -> None:
    """Close a client in a thread of its own: this may be called at any moment, and the server may be away."""
    if process == os.getpid():  # a forked child must not say goodbye on its parent's connections
        with suppress(RuntimeError):  # the interpreter ends
            Thread(target=_say_goodbye, args=(client,), name="hallow-mongo-close", daemon=True).start()


def _say_goodbye(client: MongoClient[dict[str, Any]]) -> None:
    from pymongo import timeout

    with timeout(0.5):
        client.close()


def is_client(candidate: object) -> bool:
    """Whether this is a ``pymongo.MongoClient``."""
    from pymongo import MongoClient

    return isinstance(candidate, MongoClient)


def place_of(client: MongoClient[dict[str, Any]]) -> str:
    """A URL of the servers that a client is for, without user and password."""
    servers = sorted(client.topology_description.server_descriptions())
    name = client.options.replica_set_name
    hosts = ",".join(f"{host}:{port}" for host, port in servers)
    return f"mongodb://{hosts}/?replicaSet={name}" if name else f"mongodb://{hosts}/"


def insert_new(
    collection: Collection[dict[str, Any]], documents: Sequence[dict[str, Any]], clear: Callable[[], object]
) -> None:
    """Insert documents that should be new.

    Args:
        collection: where.
        documents: with ids.
        clear: removes whatever has such ids: of an earlier run of the same id, which other programs removed in part.
    """
    from pymongo.errors import BulkWriteError

    try:
        collection.insert_many(documents)
    except BulkWriteError as error:
        if all(one.get("code") != _DUPLICATE_KEY for one in error.details.get("writeErrors", ())):
            raise
        clear()
        collection.insert_many(documents)


@contextmanager
def reaching(place: str) -> Iterator[None]:
    """What the driver raises in the body becomes an error of ours.

    Args:
        place: the URL of the store, without a password.

    Raises:
        StoreError: if the server cannot be reached, refuses, or fails.
        ObserverError: if a document cannot be stored, now or later.
    """
    from pymongo.errors import PyMongoError

    try:
        yield
    except HallowError:  # some of ours are the driver's as well
        raise
    except PyMongoError as error:
        problem = _in_our_words(error, place)
    else:
        return
    raise problem from None


def _in_our_words(error: Exception, place: str) -> Exception:
    from bson.errors import BSONError
    from pymongo.errors import ConnectionFailure, InvalidOperation

    text, code = _cleaned(error), _code_of(error)
    if isinstance(error, ConnectionFailure):
        return StoreError(
            f"{place} cannot be reached: {text}; start the server or check the address; a run can start "
            "without the store: --journal-only"
        )
    if code in _REFUSED_LOGIN:
        return StoreError(f"{place} refuses the login ({text}); check user, password and authSource in the URL")
    if code == _FORBIDDEN:
        return StoreError(f"{place}: the user may not do this ({text}); give them the role readWrite on the database")
    if isinstance(error, BSONError) or code in _UNSTORABLE:
        return ObserverError(f"{place} cannot store this: {text}")
    if isinstance(error, InvalidOperation):
        return StoreError(f"{place} cannot be used any more: {text}; open it again")
    return StoreError(f"{place} failed: {text}")


def _code_of(error: Exception) -> Any:
    details = getattr(error, "details", None)
    if isinstance(details, dict):
        for inside in (*details.get("writeErrors", ()), *details.get("writeConcernErrors", ())):
            return inside.get("code")
    return getattr(error, "code", None)


def _cleaned(error: Exception, url: str | None = None) -> str:
    """What an error says, in one line, without what is of no use and without the password of the URL."""
    details = getattr(error, "details", None)
    inside = details.get("writeErrors") if isinstance(details, dict) else None
    text = str(inside[0].get("errmsg")) if inside else str(error)
    password = re.search(r"://[^:@]*:(.*)@", url or "")
    if password and password[1]:
        text = text.replace(password[1], "***")
    text = " ".join(without_password(_TAIL.sub("", text)).split())
    return text[:300] or type(error).__name__
