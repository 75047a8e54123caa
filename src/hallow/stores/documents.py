"""Records from documents as stores keep them: the same keys everywhere, whatever the damage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from hallow.journal.owner import is_alive
from hallow.records.decoding import restore
from hallow.records.described import Described
from hallow.records.record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hallow.records.contents import Contents
    from hallow.records.record import RecordedFile

__all__ = ["Files", "damaged", "moment", "read_record", "stored_epoch", "true_status"]

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


@dataclass(frozen=True)
class Files:
    """The files of a record, as a back-end finds them."""

    sources: list[RecordedFile]
    resources: list[RecordedFile]
    artifacts: list[RecordedFile]


def read_record(
    document: Any,
    contents: Contents,
    *,
    run_id: Any,
    store: str,
    marks: Mapping[str, Any] | None = None,
    files: Files | None = None,
    problem: str = "",
    ordered: bool = True,
) -> RunRecord:
    """A record of a document in the layout of Sacred, with values in the form of ``flatten``.

    Args:
        document: ``status``, ``command``, ``config``, ``info``, ``result``, ``meta``, ``experiment`` (with
            ``dependencies`` and ``repositories``), ``host``, ``fail_trace``, and the times ``start_time``,
            ``stop_time``, ``heartbeat`` as datetimes (naive ones are UTC) or in ISO format.
        contents: reads the large parts.
        run_id: of the run.
        store: URL without a password.
        marks: the details ``owner``, ``tags`` and ``notes``.
        files: of the record.
        problem: what is known to be wrong already.
        ordered: see :func:`~hallow.records.decoding.restore`.
    """
    reading = _Reading(document, problem, ordered)
    marks = marks or {}
    stored = reading.text("status")
    experiment = reading.dict_("experiment")
    files = files or Files([], [], [])
    meta = reading.dict_("meta")
    queue_time = moment(meta.get("queue_time"))
    if queue_time is not None:  # some stores have it as a text
        meta = {**meta, "queue_time": queue_time.replace(tzinfo=None)}
    return RunRecord(
        run_id=run_id,
        store=store,
        contents=contents,
        status=true_status(stored, marks.get("owner")) or "UNREADABLE",
        stored_status=stored,
        command=reading.text("command"),
        config=reading.dict_("config"),
        info=reading.dict_("info"),
        result=reading.value("result"),
        meta=meta,
        experiment={key: experiment.get(key) for key in ("name", "base_dir", "mainfile")},
        host=reading.dict_("host"),
        dependencies=reading.strings("dependencies", experiment),
        repositories=[one for one in reading.list_("repositories", experiment) if isinstance(one, dict)],
        queue_time=queue_time,
        start_time=reading.time("start_time"),
        stop_time=reading.time("stop_time"),
        heartbeat=reading.time("heartbeat"),
        fail_trace=reading.lines("fail_trace"),
        sources=files.sources,
        resources=files.resources,
        artifacts=files.artifacts,
        tags=_strings(marks.get("tags")),
        notes=marks["notes"] if isinstance(marks.get("notes"), str) else "",
        problem="; ".join(reading.problems),
    )


def damaged(run_id: Any, store: str, contents: Contents, error: object) -> RunRecord:
    """What is left of a run whose document cannot be read at all."""
    reason = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return RunRecord(run_id, store, contents, problem=reason)


def true_status(stored: str, owner: Any) -> str:
    """``DIED`` for a run that is stored as going on while its process is known to be gone; else as stored."""
    if stored != "RUNNING" or not isinstance(owner, dict):
        return stored
    return "DIED" if is_alive(owner) is False else stored


def moment(value: Any) -> datetime | None:
    """A stored time, aware, in UTC; ``None`` if there is none or it is no time."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.removesuffix("Z"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=timezone.utc) if value.tzinfo is None else value.astimezone(timezone.utc)


def stored_epoch(value: Any) -> float:
    """Seconds since 1970 of a stored time.

    Raises:
        ValueError: if it is no time.
    """
    when = moment(value)
    if when is None:
        raise ValueError(f"{value!r} is no time")
    return (when - _EPOCH) / timedelta(seconds=1)


class _Reading:
    """Takes a document apart and notes what of it makes no sense."""

    def __init__(self, document: Any, problem: str, ordered: bool) -> None:
        self._ordered = ordered
        self.problems = [problem] if problem else []
        self._document: dict[Any, Any] = document if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            self.problems.append(f"the document is a {type(document).__name__}, not an object")
        elif not isinstance(document.get("status"), str) and not problem:
            self.problems.append("it says no status")

    def value(self, key: str) -> Any:
        return self._restored(key, self._document.get(key))

    def _restored(self, key: str, flat: Any) -> Any:
        found = restore(flat, self._ordered)
        if isinstance(found, Described) and found.kind == "unreadable":
            self.problems.append(f"{key} cannot be read: {found.name}")
            return None
        return found

    def text(self, key: str) -> str:
        found = self._document.get(key)
        return found if isinstance(found, str) else ""

    def dict_(self, key: str) -> dict[str, Any]:
        found = self.value(key)
        if found is None or isinstance(found, dict):
            return found or {}
        self.problems.append(f"{key} is a {type(found).__name__}, not an object")
        return {}

    def list_(self, key: str, within: Mapping[str, Any] | None = None) -> list[Any]:
        found = self._document.get(key) if within is None else within.get(key)
        if found is None or isinstance(found, list):
            return found or []
        self.problems.append(f"{key} is a {type(found).__name__}, not a list")
        return []

    def strings(self, key: str, within: Mapping[str, Any] | None = None) -> list[str]:
        return _strings(self.list_(key, within))

    def lines(self, key: str) -> list[str]:
        found = self._document.get(key)
        return found.splitlines(keepends=True) if isinstance(found, str) else self.strings(key)

    def time(self, key: str) -> datetime | None:
        stored = self._document.get(key)
        found = moment(stored)
        if found is None and stored is not None:
            self.problems.append(f"{key} is no time: {stored!r:.60}")
        return found


def _strings(found: Any) -> list[str]:
    return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
