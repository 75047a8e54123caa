"""Values that are too large for the document they belong to."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.layout import PART
from hallow.backends.mongo.values import ELSEWHERE, to_bson
from hallow.errors import RecordError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hallow.backends.mongo.database import Database

__all__ = ["Packing", "load_large", "references_in", "remove_large", "size_of", "write_large"]

#: Bytes of BSON that one value may have in its document, and all values in one field together.
_VALUE, _FIELD = 1 << 18, 1 << 21
_MOST = 1 << 30


def size_of(value: Any) -> int:
    """Bytes of a value in BSON.

    Raises:
        InvalidDocument: if BSON cannot hold it.
    """
    from bson import encode

    return len(encode({"": value}))


class Packing:
    """Puts values into their form in a document; those that are too large go elsewhere.

    Attributes:
        parts: what goes elsewhere: key to the parts of its text.
    """

    def __init__(self) -> None:
        self.parts: dict[Any, list[bytes]] = {}

    def value(self, flat: Any) -> Any:
        """One value, whole here or whole elsewhere."""
        stored = to_bson(flat)
        return self._elsewhere(flat) if _may_be_large(flat) and size_of(stored) > _VALUE else stored

    def field(self, flat: Any) -> Any:
        """A field of a run document; of an object only the large members go elsewhere, as long as that is enough."""
        stored = to_bson(flat)
        if not _may_be_large(flat) or size_of(stored) <= _VALUE:
            return stored
        if isinstance(flat, dict):
            members = zip(stored.items(), flat.values(), strict=True)
            stored = {key: self._elsewhere(own) if size_of(value) > _VALUE else value for (key, value), own in members}
            if size_of(stored) <= _FIELD:
                return stored
        return self._elsewhere(flat)

    def _elsewhere(self, flat: Any) -> dict[str, Any]:
        from bson import ObjectId

        data = zlib.compress(json.dumps(flat, default=str).encode(), 1)
        key = ObjectId()
        self.parts[key] = [data[start : start + PART] for start in range(0, len(data), PART)]
        return {ELSEWHERE: {"key": key, "parts": len(self.parts[key])}}


def _may_be_large(flat: Any) -> bool:
    """Whether it is worth measuring."""
    return isinstance(flat, dict | list) or (isinstance(flat, str) and len(flat) > _VALUE // 4)


def references_in(stored: Any) -> list[Any]:
    """What a field of a document refers to."""
    members = (stored, *stored.values()) if isinstance(stored, dict) else (stored,)
    return [member[ELSEWHERE] for member in members if isinstance(member, dict) and ELSEWHERE in member]


def write_large(database: Database, run_id: Any, parts: dict[Any, list[bytes]]) -> None:
    """Store what goes elsewhere."""
    documents = [
        {"_id": {"key": key, "part": number}, "run_id": run_id, "data": data}
        for key, pieces in parts.items()
        for number, data in enumerate(pieces)
    ]
    if documents:
        database.large.insert_many(documents)


def load_large(database: Database, reference: Any) -> Any:
    """The flat value that a document refers to.

    Raises:
        RecordError: if it is not there, or damaged.
    """
    try:
        ids = _ids(reference)
        found = {part["_id"]["part"]: part["data"] for part in database.large.find({"_id": {"$in": ids}})}
        data = b"".join(found[number] for number in range(len(ids)))
        return json.loads(zlib.decompressobj().decompress(data, _MOST))
    except (KeyError, TypeError, ValueError, RecursionError, zlib.error) as error:
        raise RecordError(f"a large value of {database.url} cannot be read: {type(error).__name__}: {error}") from error


def remove_large(database: Database, references: Iterable[Any]) -> None:
    """Remove values to which nothing refers any more."""
    ids = [one for reference in references for one in _ids(reference)]
    if ids:
        database.large.delete_many({"_id": {"$in": ids}})


def _ids(reference: Any) -> list[dict[str, Any]]:
    parts = min(int(reference["parts"]), _MOST // PART)
    return [{"key": reference["key"], "part": number} for number in range(parts)]
