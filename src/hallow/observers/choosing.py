"""The observer for a store, by its URL or path."""

from __future__ import annotations

import os
from typing import Any

from hallow.records.urls import OBJECT_SCHEMES, SQL_SCHEMES, kind_of_folder, scheme_of, unknown_kind, url_path

__all__ = ["observer_for"]

#: Scheme of a URL -> the class whose observers record there.
_CLASSES = {
    "file": "FileStorageObserver",
    "tinydb": "TinyDbObserver",
    "mongodb": "MongoObserver",
    "mongodb+srv": "MongoObserver",
    **dict.fromkeys(SQL_SCHEMES, "SqlObserver"),
    **dict.fromkeys(OBJECT_SCHEMES, "ObjectStoreObserver"),
}
_DATABASE_FILES = (".db", ".sqlite", ".sqlite3")


def observer_for(target: str | os.PathLike[str]) -> Any:
    """An observer that records into a store; what does not exist is made when the first run starts.

    Args:
        target: path or URL, as :func:`hallow.open_store` takes it. A path is that of a folder, or of an SQLite file if
            it ends in ``.db``, ``.sqlite`` or ``.sqlite3``.

    Raises:
        StoreError: if there is no such kind of store.
        MissingExtraError: (an ImportError) if a package is missing; names the extra.
    """
    import hallow.observers as observers

    text = os.fspath(target)
    scheme = scheme_of(text, _CLASSES) or _kind_of(text)
    if text.startswith("file://") and _holds_files(text):
        return observers.FileStorageObserver(url_path(text))
    name = "ObjectStoreObserver" if text.startswith("file://") else _CLASSES.get(scheme)
    if name is None:
        raise unknown_kind(scheme, text, _CLASSES)
    cls = getattr(observers, name)
    return getattr(cls, "from_text", cls)(_plain(text, scheme))


def _holds_files(url: str) -> bool:
    """Whether there is a folder with something else than a store of objects: what is there goes on as it is."""
    folder = url_path(url)
    try:
        return bool(os.listdir(folder)) and kind_of_folder(folder) != "objects"
    except OSError:
        return False


def _kind_of(path: str) -> str:
    if kind_of_folder(path) == "tinydb":
        return "tinydb"
    return "sqlite" if path.endswith(_DATABASE_FILES) else "file"


def _plain(text: str, scheme: str) -> str:
    """Without the schemes that are ours."""
    if scheme in ("file", "tinydb") and not text.startswith("file://"):
        return text.removeprefix(f"{scheme}:")
    return text
