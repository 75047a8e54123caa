"""What the arguments of a MongoObserver may be."""

from __future__ import annotations

import warnings
from typing import Any

from hallow.backends.mongo.layout import COLLECTION_NAME_BLACKLIST, Names
from hallow.errors import NameInUseError, UsageError

__all__ = ["bucket_of", "may_be_told", "names_for", "whole_number"]


def names_for(collection: str, prefix: str) -> Names:
    """The collections that the arguments ask for.

    Raises:
        UsageError: if they exclude each other.
        NameInUseError: if a name belongs to somebody else.
    """
    if collection != "runs":
        if prefix:
            raise UsageError("Cannot pass both collection and a collection prefix.", print_usage=False)
        warnings.warn(
            f"collection={collection!r} is deprecated; use collection_prefix instead", DeprecationWarning, stacklevel=3
        )
    names = Names.of(collection, prefix)
    for name in (names.runs, names.metrics):
        if name in COLLECTION_NAME_BLACKLIST:
            raise NameInUseError(
                f"the collection name {name!r} is reserved: it belongs to MongoDB or to a tool; choose another one"
            )
    return names


def whole_number(overwrite: int | str | None) -> int | None:
    """The id of a run to be overwritten.

    Raises:
        UsageError: if it is no number.
    """
    try:
        return None if overwrite is None else int(overwrite)
    except (TypeError, ValueError):
        raise UsageError(
            f"overwrite={overwrite!r}: the id of a run that can be overwritten is a whole number", print_usage=False
        ) from None


def bucket_of(fs: Any) -> str:
    """The name of the bucket that a ``gridfs.GridFS`` is for; the driver has it where it likes."""
    found = (getattr(fs, name, None) for name in ("_collection", "_GridFS__collection"))
    return next((str(collection.name) for collection in found if collection is not None), "fs")


def may_be_told(name: str, value: Any) -> bool:
    """Whether an option of the driver can be written into a journal."""
    secret = any(word in name.lower() for word in ("password", "secret", "token", "properties"))
    return not secret and isinstance(value, str | int | float | bool | None)
