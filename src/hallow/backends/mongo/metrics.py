"""Reading metric documents: of runs that Sacred wrote, they are all that there is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.values import from_bson
from hallow.errors import RecordError
from hallow.records.decoding import restore
from hallow.records.points import Points
from hallow.stores.documents import stored_epoch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from hallow.backends.mongo.database import Database

__all__ = ["linked_ids", "metric_names", "read_metric_documents"]

_NUMBERS = frozenset({int, float, bool, type(None)})


def linked_ids(links: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The ids of metric documents by name, as ``info["metrics"]`` has them."""
    from bson import ObjectId

    return {str(link.get("name")): ObjectId(link["id"]) for link in links if ObjectId.is_valid(link.get("id"))}


def metric_names(database: Database, run_id: Any, links: Iterable[Mapping[str, Any]]) -> dict[Any, str]:
    """Id and name of the metric documents of a run.

    Those come first that its document names. Others have to have its id and another name; where several collections of
    runs share one of metrics, they only count if none are named.
    """
    if database.metrics is None:
        return {}
    linked = linked_ids(links)
    found = {identity: name for name, identity in linked.items()}
    if linked and database.names.shares_metrics:
        return found
    for one in database.metrics.find({"run_id": run_id}, {"name": 1}).sort("_id", 1):
        name = one.get("name")
        if isinstance(name, str) and name not in linked:
            found[one["_id"]] = name
    return found


def read_metric_documents(
    database: Database, run_id: Any, links: Iterable[Mapping[str, Any]], wanted: Callable[[str], bool] | None = None
) -> Iterator[Points]:
    """The points in the metric documents of a run, one document after the other.

    Raises:
        RecordError: if one is damaged.
    """
    names = metric_names(database, run_id, links)
    chosen = [identity for identity, name in names.items() if wanted is None or wanted(name)]
    if not chosen or database.metrics is None:
        return
    documents = {one["_id"]: one for one in database.metrics.find({"_id": {"$in": chosen}})}
    for identity in chosen:
        if identity in documents:  # not if another program has removed it
            yield _points(names[identity], documents[identity])


def _points(name: str, document: Mapping[str, Any]) -> Points:
    try:
        columns = [document[column] for column in ("steps", "values", "timestamps")]
        # Who adds to a document adds to the three one after the other.
        length = min(map(len, columns))
        steps, values, times = (column[:length] for column in columns)
        return Points(name, list(map(_plain, steps)), list(map(_plain, values)), list(map(stored_epoch, times)))
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise RecordError(f"the points of {name!r} cannot be read: {type(error).__name__}: {error}") from error


def _plain(value: Any) -> Any:
    return value if type(value) in _NUMBERS else restore(from_bson(value))
