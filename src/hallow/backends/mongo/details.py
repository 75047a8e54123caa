"""What stands beside a run: one document for each name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.driver import insert_new
from hallow.backends.mongo.large import Packing, load_large, remove_large, write_large
from hallow.backends.mongo.values import ELSEWHERE, from_bson

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hallow.backends.mongo.database import Database

__all__ = ["MARKS", "claim", "read_details", "read_marks", "write_details"]

#: Those that listings show.
MARKS = ("owner", "tags", "notes")


def write_details(
    database: Database,
    run_id: Any,
    details: Mapping[str, Any],
    extra: Mapping[str, Any] | None = None,
    are_new: bool = False,
) -> None:
    """Replace details, in one command unless they are large.

    Args:
        database: the store.
        run_id: of the run.
        details: flat values by name.
        extra: further fields of their documents.
        are_new: whether there should be none of these names yet.
    """
    from pymongo import ReplaceOne

    packing = Packing()
    documents = [_document(packing, run_id, name, value, extra) for name, value in details.items()]
    ids = [document["_id"] for document in documents]
    if are_new:
        write_large(database, run_id, packing.parts)
        insert_new(database.details, documents, lambda: database.details.delete_many({"_id": {"$in": ids}}))
        return
    if packing.parts:
        before = _large(database, ids)
        write_large(database, run_id, packing.parts)
    database.details.bulk_write([ReplaceOne({"_id": one["_id"]}, one, upsert=True) for one in documents])
    if packing.parts:
        remove_large(database, before)


def claim(database: Database, run_id: Any, owner: Any, extra: Mapping[str, Any]) -> bool:
    """Say whose a new run is; whether there was an owner already, of an earlier run of this id."""
    from pymongo.errors import DuplicateKeyError

    document = _document(Packing(), run_id, "owner", owner, extra)
    try:
        database.details.insert_one(document)
    except DuplicateKeyError:
        database.details.replace_one({"_id": document["_id"]}, document, upsert=True)
        return True
    return False


def _document(packing: Packing, run_id: Any, name: str, value: Any, extra: Mapping[str, Any] | None) -> dict[str, Any]:
    identity = {"run": run_id, "name": name}
    return {"_id": identity, "run_id": run_id, "name": name, "value": packing.value(value), **(extra or {})}


def _large(database: Database, ids: list[Any]) -> list[Any]:
    path = f"value.{ELSEWHERE}"
    found = database.details.find({"_id": {"$in": ids}, path: {"$exists": True}}, {path: 1})
    return [one["value"][ELSEWHERE] for one in found]


def read_details(database: Database, run_id: Any) -> dict[str, Any]:
    """All details of a run.

    Raises:
        RecordError: if a large one cannot be read.
    """
    return {
        one["name"]: from_bson(one.get("value"), lambda reference: load_large(database, reference))
        for one in database.details.find({"run_id": run_id})
        if isinstance(one.get("name"), str)
    }


def read_marks(database: Database, run_ids: Iterable[Any]) -> dict[str, dict[str, Any]]:
    """Owner, tags and notes of several runs by the repr of their ids; ``began`` is that of the owner."""
    ids = [{"run": run_id, "name": name} for run_id in run_ids for name in MARKS]
    found: dict[str, dict[str, Any]] = {}
    for one in database.details.find({"_id": {"$in": ids}}):
        marks = found.setdefault(repr(one["_id"]["run"]), {})
        marks[one["_id"]["name"]] = from_bson(one.get("value"))
        if "began" in one:
            marks["began"] = one["began"]
    return found
