"""Run documents as they are sent: with Sacred's keys, and never too large."""

from __future__ import annotations

import time
from random import random
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.deleting import remove_beside, remove_contents
from hallow.backends.mongo.finding import candidates
from hallow.backends.mongo.large import Packing, write_large
from hallow.backends.mongo.values import key_to_bson, to_bson
from hallow.errors import RunStateError, StoreError
from hallow.journal.owner import describe_owner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hallow.backends.mongo.database import Database

__all__ = ["KNOWN", "add_run", "check_overwritten", "encoded", "overwrite_run", "take_queued_run"]

#: The keys of a run document.
KNOWN = frozenset(
    {"_id", "format", "status", "command", "config", "meta", "experiment", "host", "start_time", "stop_time"}
    | {"heartbeat", "captured_out", "info", "result", "resources", "artifacts", "fail_trace"}
)
#: Of an earlier attempt, gone when a new one begins.
_ENDED = {"stop_time": "", "fail_trace": "", "result": ""}
#: Bytes of a traceback, and of one line of it.
_TRACE, _LINE = 1 << 20, 1 << 14
# Ids that are taken for numbers of runs: a float holds them exactly.
_HIGHEST = 1 << 53
_ATTEMPTS = 1000


def encoded(fields: Mapping[str, Any], packing: Packing) -> dict[str, Any]:
    """Fields of a run document in BSON; what is too large for it goes to ``packing``."""
    return {key_to_bson(key): _field(key, value, packing) for key, value in fields.items() if key != "_id"}


def _field(key: str, value: Any, packing: Packing) -> Any:
    if key in ("artifacts", "resources", "sources", "captured_out"):
        return to_bson(value)
    if key == "fail_trace":
        return to_bson(_shortened(value))
    if key == "experiment":
        rest = {name: own for name, own in value.items() if name != "sources"}
        return {**packing.field(rest), "sources": to_bson(value.get("sources", []))}
    return packing.field(value)


def _shortened(lines: list[str]) -> list[str]:
    """A traceback of bounded length: of too many lines the first and the last."""
    lines = [line if len(line) <= _LINE else f"{line[: _LINE // 2]} [...] {line[-_LINE // 2 :]}" for line in lines]
    most = _TRACE // _LINE // 2
    if len(lines) <= 2 * most or sum(map(len, lines)) <= _TRACE:
        return lines
    return [*lines[:most], f"  [... {len(lines) - 2 * most} lines ...]\n", *lines[-most:]]


# ---------------------------------------------------------------------------------------------------- starting


def add_run(database: Database, run_id: Any, fields: Mapping[str, Any]) -> Any:
    """Store a new run under an id, or under the next number; returns it.

    Raises:
        RunExistsError: (a ``pymongo.errors.DuplicateKeyError``) if there is one of that id.
    """
    packing = Packing()
    document = encoded(fields, packing)
    found = _add_as_next(database, document) if run_id is None else _add_as(database, run_id, document)
    write_large(database, found, packing.parts)
    return found


def _add_as_next(database: Database, document: dict[str, Any]) -> int:
    from pymongo.errors import DuplicateKeyError

    for attempt in range(_ATTEMPTS):
        wanted = _next_id(database)
        try:
            database.runs.insert_one({"_id": wanted, **document})
        except DuplicateKeyError:  # another one was faster
            time.sleep(random() * 0.002 * min(attempt, 20))
        else:
            return wanted
    raise StoreError(f"{database.url}: no id for the run was free in {_ATTEMPTS} attempts; give one with --id")


def _next_id(database: Database) -> int:
    numbers = {"_id": {"$gte": 0, "$lt": _HIGHEST}}
    highest = database.runs.find_one(numbers, {"_id": 1}, sort=[("_id", -1)])
    return 1 if highest is None else int(highest["_id"]) + 1


def _add_as(database: Database, run_id: Any, document: dict[str, Any]) -> Any:
    from pymongo.errors import DuplicateKeyError

    # An id that was given as text stands for the number, too.
    wanted = candidates(run_id)
    run_id = wanted[0]
    others = database.runs.find_one({"_id": {"$in": wanted}}, {"_id": 1})
    if others is None:
        try:
            database.runs.insert_one({"_id": run_id, **document})
            return run_id
        except DuplicateKeyError:
            others = {"_id": run_id}
    raise _taken(database, others["_id"])


def _taken(database: Database, run_id: Any) -> StoreError:
    from hallow.backends.mongo.taken import RunExistsError

    known = database.details.find_one({"_id": {"run": run_id, "name": "owner"}}) or {}
    owner, own = known.get("value"), describe_owner()
    if isinstance(owner, dict) and all(owner.get(key) == own[key] for key in ("pid", "start", "host", "boot")):
        return RunExistsError(
            f"run {run_id} is in {database.url} already, and this process has put it there: if two observers of one "
            "run keep it in the same collection, take one of them away, or give it another database or a "
            "collection_prefix",
            run_id,
        )
    message = f"run {run_id} exists in {database.url} already; choose another id, or let it be chosen"
    return RunExistsError(message, run_id)


def take_queued_run(database: Database, run_id: Any, fields: Mapping[str, Any]) -> Any:
    """Give a queued run its document, if nobody else does; returns its id, ``None`` if it is not queued."""
    packing = Packing()
    chosen = {"_id": {"$in": candidates(run_id)}, "status": "QUEUED"}
    update = {"$set": encoded(fields, packing)}
    found = database.runs.find_one_and_update(chosen, update, projection={"_id": 1})
    if found is None:
        return None
    write_large(database, found["_id"], packing.parts)
    return found["_id"]


def check_overwritten(database: Database, run_id: Any) -> dict[str, Any]:
    """What of the document of a run is needed before it is overwritten.

    Raises:
        RunStateError: if there is none of that id.
    """
    found = database.runs.find_one({"_id": run_id}, {"info.metrics": 1})
    if found is None:
        raise RunStateError(f"Couldn't find run to overwrite with _id='{run_id}' in {database.url}")
    return found


def overwrite_run(database: Database, run_id: Any, fields: Mapping[str, Any]) -> None:
    """Begin a run in the place of another one, of which only tags, notes and fields of other programs stay.

    Files that it had as artifacts stay until the run is deleted.

    Raises:
        RunStateError: if there is none of that id.
    """
    remove_contents(database, check_overwritten(database, run_id))
    remove_beside(database, run_id, but_for=("tags", "notes"))
    packing = Packing()
    database.runs.update_one({"_id": run_id}, {"$set": encoded(fields, packing), "$unset": _ENDED})
    write_large(database, run_id, packing.parts)
