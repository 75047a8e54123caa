"""Finding a run document by what users call its id."""

from __future__ import annotations

from operator import index
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.backends.mongo.database import Database

__all__ = ["candidates", "find_run"]

_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1


def candidates(run_id: Any) -> list[Any]:
    """What a run that is called so may have as its id, the likeliest first."""
    if hasattr(run_id, "__index__"):
        run_id = index(run_id)
    if isinstance(run_id, int | float) and _SMALLEST <= run_id <= _LARGEST:
        return [run_id, str(run_id)]
    text = str(run_id).encode("utf-8", "replace").decode()
    found = [*([] if isinstance(run_id, str) else _own(run_id)), text]
    if text.isdecimal() and text.isascii() and len(text) < 20 and int(text) <= _LARGEST:
        found.append(int(text))
    return found + _object_ids(text)


def _own(run_id: Any) -> list[Any]:
    from bson import ObjectId

    return [run_id] if isinstance(run_id, ObjectId) else []


def _object_ids(text: str) -> list[Any]:
    from bson import ObjectId

    return [ObjectId(text)] if len(text) == 24 and ObjectId.is_valid(text) else []


def find_run(database: Database, run_id: Any, left_out: dict[str, int] | None = None) -> dict[str, Any] | None:
    """A run document, if there is one; ``captured_out`` is not read, or other fields."""
    wanted = candidates(run_id)
    found = list(database.runs.find({"_id": {"$in": wanted}}, left_out or {"captured_out": 0}))
    return min(found, key=lambda one: wanted.index(one["_id"])) if found else None
