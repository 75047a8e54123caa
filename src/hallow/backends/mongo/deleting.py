"""Removing runs, with what is theirs alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.files import ARTIFACTS, Files, artifact_filename
from hallow.backends.mongo.listed import artifacts_in, resources_in, sources_in
from hallow.backends.mongo.metrics import metric_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hallow.backends.mongo.database import Database

__all__ = ["delete_run", "links_in", "remove_beside", "remove_contents"]


def links_in(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metric documents that a run document names; those of them that can be understood."""
    info = document.get("info")
    links = info.get("metrics") if isinstance(info, dict) else None
    return [link for link in links if isinstance(link, dict)] if isinstance(links, list) else []


def delete_run(database: Database, document: Mapping[str, Any]) -> None:
    """Remove a run; its document goes last, so that what is interrupted can be done again.

    Args:
        database: the store.
        document: of the run, as the driver gives it.
    """
    run_id = document["_id"]
    remove_contents(database, document)
    remove_beside(database, run_id)
    files = Files(database)
    files.remove({file_id for _, file_id in artifacts_in(document)} | _artifacts(database, run_id))
    files.remove(_unused(database, document))
    database.runs.delete_one({"_id": run_id})


def remove_contents(database: Database, document: Mapping[str, Any]) -> None:
    """Remove the metrics and the output of a run, but for what its document has of them."""
    run_id = document["_id"]
    names = metric_names(database, run_id, links_in(document))
    others = _linked_by_others(database, run_id) if names else set()
    if database.metrics is not None and names.keys() - others:
        database.metrics.delete_many({"_id": {"$in": list(names.keys() - others)}})
    database.points.delete_many({"run_id": run_id})
    database.output.delete_many({"run_id": run_id})


def remove_beside(database: Database, run_id: Any, but_for: Sequence[str] = ()) -> None:
    """Remove what hallow keeps beside a run document, but for some of the details."""
    for collection in (database.points, database.output, database.large):
        collection.delete_many({"run_id": run_id})
    database.details.delete_many({"run_id": run_id, "name": {"$nin": list(but_for)}})


def _linked_by_others(database: Database, run_id: Any) -> set[Any]:
    """Metric documents of runs of the same id in other collections."""
    from bson import ObjectId

    found = (
        collection.find_one({"_id": run_id}, {"info.metrics": 1})
        for collection in database.collections_of_runs()
        if collection.name != database.runs.name
    )
    links = [link.get("id") for document in found if document for link in links_in(document)]
    return {ObjectId(text) for text in links if ObjectId.is_valid(text)}


def _artifacts(database: Database, run_id: Any) -> set[Any]:
    """Artifacts of a run also of an earlier attempt that was overwritten."""
    beginning = artifact_filename(database.names.runs, run_id, "")
    # "0" follows "/".
    chosen = {"filename": {"$gte": beginning, "$lt": beginning[:-1] + "0"}}
    return {one["_id"] for one in database.files.find(chosen, {"_id": 1})}


def _unused(database: Database, document: Mapping[str, Any]) -> set[Any]:
    """The sources and resources of a run that no other one refers to."""
    left = _contents(database, document)
    for collection in database.collections_of_runs():
        chosen: dict[str, Any] = {}
        if collection.name == database.runs.name:
            chosen["_id"] = {"$ne": document["_id"]}
        # One by one: each run that is found strikes out at least one content.
        while left and (other := collection.find_one({**chosen, "$or": _referring(left)}, _FILES)):
            digests = {md5 for _, md5 in resources_in(other)}
            used = {file_id for _, file_id in sources_in(other)}
            used |= {file_id for file_id, md5 in left.items() if md5 is not None and md5 in digests}
            if not left.keys() & used:  # a document that is damaged in a way of its own: be careful
                return set()
            left = {file_id: md5 for file_id, md5 in left.items() if file_id not in used}
    return set(left)


_FILES = {"experiment.sources": 1, "resources": 1}


def _contents(database: Database, document: Mapping[str, Any]) -> dict[Any, str | None]:
    """Id and MD5 of the contents that a run refers to."""
    sources = [file_id for _, file_id in sources_in(document) if file_id is not None]
    digests = [md5 for _, md5 in resources_in(document) if isinstance(md5, str)]
    if not sources and not digests:
        return {}
    chosen = {
        "$or": [{"_id": {"$in": sources}}, {"md5": {"$in": digests}}],
        "filename": {"$not": {"$regex": ARTIFACTS}},
    }
    return {one["_id"]: one.get("md5") for one in database.files.find(chosen, {"md5": 1})}


def _referring(contents: Mapping[Any, str | None]) -> list[dict[str, Any]]:
    """Filters for run documents that refer to one of these contents; files are listed in pairs."""
    digests = [md5 for md5 in contents.values() if md5 is not None]
    return [
        {"experiment.sources": {"$elemMatch": {"$elemMatch": {"$in": list(contents)}}}},
        {"resources": {"$elemMatch": {"$elemMatch": {"$in": digests}}}},
    ]
