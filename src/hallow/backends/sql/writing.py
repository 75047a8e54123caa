"""Documents of runs into rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from hallow.backends.sql.contents import add_bytes, add_row, remove
from hallow.backends.sql.deleting import forget, release
from hallow.backends.sql.layout import (
    artifact,
    hallow_artifact,
    hallow_detail,
    hallow_output,
    hallow_run,
    hallow_schema,
    plain,
    run,
    runs_resources,
)
from hallow.backends.sql.shape import highest_id, number_of
from hallow.backends.sql.shared import experiment_row, host_row, keep_sources, known_rows
from hallow.backends.sql.taken import RunExistsError
from hallow.errors import StoreError
from hallow.records.jsonfile import strict_json

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import Connection

    from hallow.backends.keeping import ArtifactFile, SourceFile
    from hallow.backends.sql.shape import Shape

__all__ = [
    "Start",
    "adopt",
    "keep_artifact",
    "key_of",
    "link_resource",
    "new_run",
    "set_details",
    "started_by",
    "take_queued",
    "update_run",
]


# Made once: to put a statement together costs more than to have it carried out. What is to be set comes with it.
_RUN = update(run).where(run.c.id == bindparam("this"))
# Sacred's readers look at the length of what was printed.
_ENDED_RUN = _RUN.values(captured_out=func.coalesce(run.c.captured_out, ""))
_OURS = update(hallow_run).where(hallow_run.c.run == bindparam("this"))
_COUNTER = hallow_schema.c.name == "runs"
_ADVANCE = update(hallow_schema).where(_COUNTER).values(value=hallow_schema.c.value + 1)
_ADVANCED = _ADVANCE.returning(hallow_schema.c.value)


# ------------------------------------------------------------------------------------------------------------ new


@dataclass(frozen=True)
class Start:
    """What is stored when a run starts or is queued.

    Attributes:
        document: of the run; its sources are set to what is kept.
        sources: the files.
        details: of a run that starts.
        token: of whoever starts it.
    """

    document: dict[str, Any]
    sources: Sequence[SourceFile]
    details: Mapping[str, Any]
    token: str


def new_run(
    connection: Connection, shape: Shape, where: str, run_id: Any, start: Start, is_again: bool = False
) -> tuple[int, Any]:
    """Store a new run; gives ``run.id`` and the id.

    Args:
        connection: in a transaction.
        shape: of the tables.
        where: the URL, for messages.
        run_id: ``None`` for the next free number.
        start: of the run.
        is_again: whether an attempt has failed, perhaps because of a run that Sacred has added.

    Raises:
        RunExistsError: (a ``sqlalchemy.exc.IntegrityError``) if there is a run of that id.
        StoreError: if the id is too long.
    """
    shared = _shared_rows(connection, shape, start)
    values, own = _columns(shape, start.document)
    run_id = _free_id(connection, shape, where, run_id, is_again)
    key = add_row(connection, run, {**values, **shared, "run_id": str(run_id)})
    if shape.is_sacreds:
        forget(connection, key)  # SQLite gives the numbers of removed rows again in tables of Sacred
    connection.execute(insert(hallow_run), {"run": key, "token": start.token, **own})
    if start.details:
        set_details(connection, key, start.details, are_new=True)
    return key, run_id


def _shared_rows(connection: Connection, shape: Shape, start: Start) -> dict[str, int]:
    """The rows of the experiment and the machine, with the sources; those of earlier runs take one query."""
    document = start.document
    as_found = {**document["experiment"], "sources": [[file.path, file.md5] for file in start.sources]}
    known, machine = known_rows(connection, shape, as_found, document["host"])
    document["experiment"] = as_found
    if known is None:
        as_found["sources"] = keep_sources(connection, shape, start.sources)
        known = experiment_row(connection, shape, as_found)
    if machine is None:
        machine = host_row(connection, shape, document["host"])
    return {"experiment_id": known, "host_id": machine}


def _free_id(connection: Connection, shape: Shape, where: str, run_id: Any, is_again: bool) -> Any:
    if run_id is None:
        return _next_id(connection, may_be_taken=is_again or shape.is_sacreds)
    longest = shape.lengths.get((run.name, "run_id"), 255)
    if len(str(run_id)) > longest or plain(str(run_id)) != str(run_id):
        raise StoreError(f"{run_id!r:.80} is no id for {where}: give one of at most {longest} usual characters")
    number = number_of(run_id)
    if number is not None:
        is_higher = _COUNTER & (hallow_schema.c.value < number)
        connection.execute(update(hallow_schema).where(is_higher).values(value=number))
    if key_of(connection, run_id) is not None:
        raise RunExistsError(f"run {run_id} exists in {where} already; choose another id, or let it be chosen")
    return run_id


def _next_id(connection: Connection, may_be_taken: bool) -> int:
    """The next number; whoever asks after this waits for the end of the transaction."""
    if connection.dialect.update_returning:
        number = connection.execute(_ADVANCED).scalar_one()
    else:
        connection.execute(_ADVANCE)
        number = connection.execute(select(hallow_schema.c.value).where(_COUNTER)).scalar_one()
    if may_be_taken and key_of(connection, number) is not None:  # Sacred has added runs of its own
        number = highest_id(connection) + 1
        connection.execute(update(hallow_schema).where(_COUNTER).values(value=number))
    return int(number)


def key_of(connection: Connection, run_id: Any) -> int | None:
    """``run.id`` of a run, ``None`` if there is none."""
    return connection.execute(select(run.c.id).where(run.c.run_id == str(run_id))).scalar()


def take_queued(connection: Connection, shape: Shape, run_id: Any, start: Start) -> tuple[int, Any] | None:
    """Give a queued run its document; ``run.id`` and the id, or ``None`` if it is not queued."""
    wanted = select(run.c.id, run.c.status, hallow_run.c.status, hallow_run.c.run)
    joined = wanted.outerjoin_from(run, hallow_run, hallow_run.c.run == run.c.id)
    found = connection.execute(joined.where(run.c.run_id == str(run_id))).first()
    if found is None or "QUEUED" not in found[1:3]:
        return None
    key, status = found[:2]
    as_seen = run.c.status.is_(None) if status is None else run.c.status == status
    taken = connection.execute(update(run).where(run.c.id == key, as_seen).values(status="RUNNING"))
    if taken.rowcount != 1:
        return None
    if found[3] is None:
        connection.execute(insert(hallow_run).values(run=key))
    connection.execute(_OURS, {"this": key, "token": start.token})
    _shared_rows(connection, shape, start)
    update_run(connection, shape, key, start.document)
    set_details(connection, key, start.details)
    return int(key), run_id


def started_by(connection: Connection, token: str) -> tuple[int, str] | None:
    """``run.id`` and id of the run that was started with a token; this looks at all runs."""
    wanted = select(run.c.id, run.c.run_id).join_from(run, hallow_run, hallow_run.c.run == run.c.id)
    found = connection.execute(wanted.where(hallow_run.c.token == token)).first()
    return None if found is None else (found[0], found[1])


def adopt(connection: Connection, key: int) -> None:
    """Give a run that Sacred recorded what it needs to be gone on with."""
    if connection.execute(select(hallow_run.c.run).where(hallow_run.c.run == key)).first() is not None:
        return
    connection.execute(insert(hallow_run).values(run=key))
    text = connection.execute(select(run.c.captured_out).where(run.c.id == key)).scalar()
    if text:
        connection.execute(insert(hallow_output).values(run=key, position=0, data=text.encode("utf-8", "replace")))


# --------------------------------------------------------------------------------------------------------- changes


def update_run(
    connection: Connection,
    shape: Shape,
    key: int,
    changes: Mapping[str, Any],
    removed: Iterable[str] = (),
    known: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Replace fields of the document of a run.

    Args:
        connection: in a transaction.
        shape: of the tables.
        key: ``run.id``.
        changes: the fields.
        removed: fields that are to be gone.
        known: columns of the row in ``hallow_run``, as far as it is known what they hold.

    Returns:
        what is known of them then.
    """
    known = known or {}
    values, own = _columns(shape, {**dict.fromkeys(removed), **changes})
    old = None
    if "experiment" in changes or "host" in changes:
        old = connection.execute(select(run.c.experiment_id, run.c.host_id).where(run.c.id == key)).first()
        if "experiment" in changes:
            values["experiment_id"] = experiment_row(connection, shape, changes["experiment"])
        if "host" in changes:
            values["host_id"] = host_row(connection, shape, changes["host"])
    if values:
        connection.execute(_RUN if values.get("stop_time") is None else _ENDED_RUN, {"this": key, **values})
    new = {name: value for name, value in own.items() if name not in known or known[name] != value}
    if new:
        connection.execute(_OURS, {"this": key, **new})
    if old is not None:
        release(connection, *old)
    return {**known, **new}


def _columns(shape: Shape, document: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of ``run`` and of ``hallow_run`` for the fields of a document, but for what is in other tables."""
    values: dict[str, Any] = {}
    own: dict[str, Any] = {}
    for field, value in document.items():
        if field in ("start_time", "heartbeat", "stop_time", "command"):
            values[field] = value
        elif field in ("config", "info"):
            values[field] = strict_json(value)
        elif field == "format":
            own[field] = value
        elif field == "host":
            own[field] = strict_json(value)
        elif field in _SPLIT:
            of_run, of_ours = _SPLIT[field](shape, value)
            values.update(of_run)
            own.update(of_ours)
    return shape.fitted(run, values), own


def _status(shape: Shape, word: str) -> tuple[dict[str, Any], dict[str, Any]]:
    shown = shape.status(word)
    return {"status": shown}, {"status": None if shown == word else word}


def _result(shape: Shape, flat: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    del shape
    is_exact = flat is None or (type(flat) is float and math.isfinite(flat))
    return {"result": _as_float(flat)}, {"result": None if is_exact else strict_json(flat)}


def _as_float(flat: Any) -> float | None:
    """A number as Sacred has it, if it is one that every database takes."""
    try:
        number = float(flat) if isinstance(flat, int | float) else None
    except OverflowError:
        return None
    return number if number is not None and math.isfinite(number) else None


def _meta(shape: Shape, meta: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    del shape
    values: dict[str, Any] = {
        "comment": str(meta.get("comment") or ""),
        "priority": _as_float(meta.get("priority")) or 0.0,
    }
    if isinstance(meta.get("queue_time"), datetime):
        values["queue_time"] = meta["queue_time"]
    flat = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in meta.items()}
    return values, {"meta": strict_json(flat)}


def _fail_trace(shape: Shape, lines: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    del shape
    if lines is None:
        return {"fail_trace": None}, {"fail_trace": None}
    return {"fail_trace": "\n".join(lines)}, {"fail_trace": strict_json(lines)}


_SPLIT: dict[str, Callable[[Shape, Any], tuple[dict[str, Any], dict[str, Any]]]] = {
    "status": _status,
    "result": _result,
    "meta": _meta,
    "fail_trace": _fail_trace,
}


def set_details(connection: Connection, key: int, details: Mapping[str, Any], are_new: bool = False) -> None:
    """Replace details; of those that are new, there is nothing to be replaced."""
    rows = [{"run": key, "name": plain(name), "value": strict_json(value)} for name, value in details.items()]
    if not are_new:
        names = hallow_detail.c.name.in_([row["name"] for row in rows])
        connection.execute(delete(hallow_detail).where(hallow_detail.c.run == key, names))
    if rows:
        connection.execute(insert(hallow_detail), rows)


def keep_artifact(connection: Connection, shape: Shape, key: int, file: ArtifactFile) -> None:
    """Keep a file of a run; one of its name, whose storing was not known to have succeeded, is replaced.

    Raises:
        OSError: if it cannot be read.
    """
    same = (hallow_artifact.c.run == key) & (hallow_artifact.c.name == plain(file.name))
    old = list(connection.execute(select(hallow_artifact.c.artifact).where(same)).scalars())
    if old:
        remove(connection, artifact, old)
        connection.execute(delete(hallow_artifact).where(hallow_artifact.c.artifact.in_(old)))
        connection.execute(delete(artifact).where(artifact.c.artifact_id.in_(old)))
    run_id = connection.execute(select(run.c.run_id).where(run.c.id == key)).scalar_one()
    values = {**shape.fitted(artifact, {"filename": file.name}), "run_id": run_id}
    number = add_bytes(connection, artifact, values, file.filename)
    said = {
        "artifact": number,
        "run": key,
        "name": plain(file.name),
        "given": plain(file.given),
        "path": plain(file.filename),
        "md5sum": file.md5,
        "content_type": None if file.content_type is None else plain(file.content_type),
        "metadata": None if file.metadata is None else strict_json(file.metadata),
    }
    connection.execute(insert(hallow_artifact).values(said))


def link_resource(connection: Connection, key: int, number: int) -> None:
    """Note that a run read a resource, once."""
    run_id = connection.execute(select(run.c.run_id).where(run.c.id == key)).scalar_one()
    this = (runs_resources.c.run_id == run_id) & (runs_resources.c.resource_id == number)
    if connection.execute(select(runs_resources.c.run_id).where(this)).first() is None:
        connection.execute(insert(runs_resources).values(run_id=run_id, resource_id=number))
