"""Opening a store by its URL or path."""

from __future__ import annotations

import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hallow.errors import MissingExtraError, StoreError
from hallow.records.urls import OBJECT_SCHEMES, SQL_SCHEMES, kind_of_folder, scheme_of, unknown_kind, url_path
from hallow.stores.base import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["open_store", "opened"]

#: Scheme of a URL -> the class that opens it, and the extra that it needs. Further ones come from the entry point
#: group ``hallow.backends``: the name is the scheme, the value the class.
_BACKENDS = {
    "file": ("hallow.backends.file.store:FileStore", ""),
    "mongodb": ("hallow.backends.mongo.store:MongoStore", "mongo"),
    "mongodb+srv": ("hallow.backends.mongo.store:MongoStore", "mongo"),
    "tinydb": ("hallow.backends.tinydb.store:TinyDbStore", "tinydb"),
    **dict.fromkeys(SQL_SCHEMES, ("hallow.backends.sql.store:SqlStore", "sql")),
    # "objects" is what a local folder of objects is called here.
    **dict.fromkeys(("objects", *OBJECT_SCHEMES), ("hallow.backends.objects.store:ObjectStore", "remote")),
}


def open_store(store: Any) -> Store:
    """Open a store for reading, marking and deleting.

    Nothing in it is ever executed. What Sacred wrote opens as well.

    Args:
        store: a path or a URL:

            - the folder of a file store, or ``file:FOLDER``, ``file:///FOLDER``;
            - the folder of a TinyDB store, or ``tinydb:FOLDER``;
            - an SQLite file, or a URL of SQLAlchemy (``sqlite:///FILE``, ``postgresql://user@host/db``);
            - ``mongodb://host:27017/db``; collections of another name: ``/db.COLLECTION`` or ``?collection_prefix=P``;
            - ``s3://bucket/folder``, ``gs://bucket/folder``, or any other URL of fsspec.

            An observer that keeps a store, and an opened store, stand for themselves.

    Raises:
        StoreError: if there is no such store, or it cannot be reached.
        MissingExtraError: (an ImportError) if a package is missing; names the extra.
    """
    if isinstance(store, Store):
        return store
    own = getattr(type(store), "store", None)  # asked of the class, because a mock has every attribute
    if own is not None:
        found: Store = own(store)
        return found
    if not isinstance(store, str | os.PathLike):
        raise StoreError(f"a store is opened by its URL or path, not by {store!r:.80}")
    text = os.fspath(store)
    scheme = scheme_of(text, _BACKENDS)
    if scheme == "file":
        text, scheme = url_path(text), ""
    opening: Store = _class_for(scheme or _kind_of(text), text)(text)
    return opening


@contextmanager
def opened(store: Any) -> Iterator[Store]:
    """An opened store; it is closed afterwards if it was opened here."""
    if isinstance(store, Store):
        yield store
        return
    with open_store(store) as found:
        yield found


def _kind_of(path: str) -> str:
    """What kind of store lies at a path."""
    path = os.path.expanduser(path)
    if os.path.isfile(path):
        with open(path, "rb") as file:
            start = file.read(16)
        if start == b"SQLite format 3\0":
            return "sqlite"
        raise StoreError(
            f"{path!r} is a file, but no SQLite database; give the folder of a file store, an SQLite file, or a URL"
        )
    return kind_of_folder(path) or "file"


def _class_for(scheme: str, text: str) -> Any:
    place, extra = _BACKENDS.get(scheme) or (_entry_point(scheme), "")
    if place is None:
        raise unknown_kind(scheme, text, _BACKENDS)
    if not isinstance(place, str):
        return place
    module, _, name = place.partition(":")
    try:
        return getattr(import_module(module), name)
    except MissingExtraError:
        raise
    except ImportError as error:
        raise MissingExtraError(
            f"{scheme}: stores cannot be opened ({error}); install what they need with: "
            f'pip install "hallow[{extra or "all"}]"',
            print_traceback=False,
        ) from error


def _entry_point(scheme: str) -> Any:
    from importlib.metadata import entry_points

    for point in entry_points(group="hallow.backends"):
        if point.name == scheme:
            return point.load()
    return None
