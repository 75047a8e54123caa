"""Rows into documents, whatever state they are in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, select

from hallow.backends.sql.layout import (
    artifact,
    dependency,
    experiment,
    experiments_dependencies,
    experiments_repositories,
    experiments_sources,
    hallow_artifact,
    hallow_detail,
    hallow_experiment,
    hallow_run,
    host,
    raw,
    repository,
    resource,
    run,
    runs_resources,
    source,
)
from hallow.backends.sql.shape import number_of, public_id
from hallow.records.jsonfile import load_json
from hallow.records.record import RecordedFile
from hallow.stores.documents import Files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection, Row, Table

    from hallow.records.contents import Contents

__all__ = ["Found", "condition", "files_of", "find", "key_for"]

#: Details that come with every record.
MARKS = ("owner", "tags", "notes")

_RUN, _OURS, _EXPERIMENT, _DOCUMENT, _HOST = map(raw, (run, hallow_run, experiment, hallow_experiment, host))
_ARTIFACT, _SAID, _RESOURCE, _LINK, _DETAIL = map(
    raw, (artifact, hallow_artifact, resource, runs_resources, hallow_detail)
)
_TIMES = ("start_time", "heartbeat", "stop_time", "queue_time")
_FIELDS = (
    "id",
    "run_id",
    "command",
    *_TIMES,
    "priority",
    "comment",
    "fail_trace",
    "config",
    "info",
    "status",
    "result",
)
_HOST_FIELDS = ("cpu", "hostname", "os", "os_info", "python_version")


@dataclass
class Found:
    """What the rows say of one run.

    Attributes:
        key: ``run.id``.
        run_id: its id, see :func:`public_id`.
        stored_id: as it is in the database.
        is_ours: whether the tables of ours have it, too.
        document: as :func:`hallow.stores.documents.read_record` takes it.
        problems: what cannot be read.
        marks: some of its details.
        sources: pairs of path and MD5.
        resources: numbers, names and MD5s.
        artifacts: files that do not know yet what reads them.
    """

    key: int
    run_id: Any
    stored_id: Any
    is_ours: bool
    document: dict[str, Any]
    problems: list[str]
    marks: dict[str, Any] = field(default_factory=dict)
    sources: list[tuple[str, str]] = field(default_factory=list)
    resources: list[Row[Any]] = field(default_factory=list)
    artifacts: list[RecordedFile] = field(default_factory=list)


def find(connection: Connection, ours: bool, *conditions: Any, limit: int | None = None) -> list[Found]:
    """Runs in the order in which they were started.

    Args:
        connection: in a transaction.
        ours: whether the tables of ours are there.
        conditions: on the columns of ``run``.
        limit: at most this many.
    """
    rows = connection.execute(_query(ours).where(*conditions).limit(limit)).all()
    found = [_found(row, ours) for row in rows]
    _add_experiments(connection, ours, rows, found)
    _add_files(connection, ours, found)
    if ours:
        _add_marks(connection, found)
    return found


def _query(ours: bool) -> Select[Any]:
    columns: list[Any] = [_RUN.c[name] for name in (*_FIELDS, "experiment_id")]
    columns += [_HOST.c[name].label(f"host_{name}") for name in _HOST_FIELDS]
    joined = _RUN.outerjoin(_HOST, _HOST.c.host_id == _RUN.c.host_id)
    if ours:
        columns += [column.label(f"our_{column.name}") for column in _OURS.c]
        joined = joined.outerjoin(_OURS, _OURS.c.run == _RUN.c.id)
    return select(*columns).select_from(joined).order_by(_RUN.c.id)


def condition(run_id: Any = None, after: int | None = None) -> Any:
    """For :func:`find`: the run of an id, or those behind a number."""
    if after is not None:
        return _RUN.c.id > after
    word, _, key = str(run_id).partition("row ")
    has_none = _RUN.c.run_id.is_(None) & (_RUN.c.id == number_of(key))
    is_given = _RUN.c.run_id == str(run_id)
    return is_given if word or number_of(key) is None else is_given | has_none


def key_for(connection: Connection, run_id: Any) -> int | None:
    """``run.id`` of the run of an id."""
    return connection.execute(select(_RUN.c.id).where(condition(run_id))).scalar()


def _found(row: Row[Any], ours: bool) -> Found:
    problems: list[str] = []
    is_ours = ours and row.our_run is not None
    document = {name: getattr(row, name) for name in ("command", "start_time", "heartbeat", "stop_time", "status")}
    for name in ("config", "info"):
        document[name] = _json(getattr(row, name), name, problems)
    document["result"] = row.result
    document["meta"] = {"comment": row.comment, "priority": row.priority}
    document["fail_trace"] = _lines(row.fail_trace)
    document["host"] = {
        **{name: getattr(row, f"host_{name}") for name in ("cpu", "hostname", "python_version")},
        "os": [row.host_os, row.host_os_info],
    }
    if is_ours:
        document["status"] = row.our_status or row.status
        for name in ("result", "meta", "host", "fail_trace"):
            stored = getattr(row, f"our_{name}")
            if stored is not None:
                document[name] = _json(stored, name, problems)
    if row.queue_time is not None and isinstance(document["meta"], dict):
        document["meta"].setdefault("queue_time", row.queue_time)
    if row.run_id is None:
        problems.append("it has no id")
    return Found(row.id, public_id(row.id, row.run_id), row.run_id, is_ours, document, problems)


def _json(text: Any, name: str, problems: list[str]) -> Any:
    if text is None:
        return None
    try:
        return load_json(text)
    except (ValueError, TypeError, RecursionError) as error:
        problems.append(f"{name} cannot be read: {type(error).__name__}: {error}")
        return None


def _lines(text: Any) -> Any:
    # Sacred has put a line break between lines that end with one.
    return text.replace("\n\n", "\n").splitlines(keepends=True) if isinstance(text, str) else text


# ---------------------------------------------------------------------------------------------------- experiments


def _add_experiments(connection: Connection, ours: bool, rows: Sequence[Row[Any]], found: list[Found]) -> None:
    numbers = list({row.experiment_id for row in rows if row.experiment_id is not None})
    texts = _texts(connection, numbers) if ours else {}
    others = _of_sacred(connection, [number for number in numbers if number not in texts])
    for row, one in zip(rows, found, strict=True):
        text = texts.get(row.experiment_id)
        document = others.get(row.experiment_id) if text is None else _json(text, "experiment", one.problems)
        one.document["experiment"] = document
        one.sources = _pairs(document)


def _texts(connection: Connection, numbers: list[int]) -> dict[int, Any]:
    query = select(_DOCUMENT.c.experiment, _DOCUMENT.c.document).where(_DOCUMENT.c.experiment.in_(numbers))
    return {row.experiment: row.document for row in connection.execute(query)}


def _pairs(document: Any) -> list[tuple[str, str]]:
    listed = document.get("sources") if isinstance(document, dict) else None
    pairs = [pair for pair in listed if isinstance(pair, list)] if isinstance(listed, list) else []
    return [(pair[0], pair[1]) for pair in pairs if list(map(type, pair)) == [str, str]]


def _of_sacred(connection: Connection, numbers: list[int]) -> dict[int, dict[str, Any]]:
    """Experiments of which only Sacred's tables know."""
    if not numbers:
        return {}
    own = _EXPERIMENT.c
    rows = connection.execute(select(own.experiment_id, own.name, own.base_dir).where(own.experiment_id.in_(numbers)))
    found: dict[int, dict[str, Any]] = {
        number: {"name": name, "base_dir": base_dir, "sources": [], "dependencies": [], "repositories": []}
        for number, name, base_dir in rows
    }
    for row in _linked(connection, experiments_sources, source, numbers):
        found[row.experiment_id]["sources"].append([row.filename, row.md5sum])
    for row in _linked(connection, experiments_dependencies, dependency, numbers):
        found[row.experiment_id]["dependencies"].append(f"{row.name}=={row.version}")
    for row in _linked(connection, experiments_repositories, repository, numbers):
        facts = {"url": row.url, "commit": row.commit, "dirty": bool(row.dirty)}
        found[row.experiment_id]["repositories"].append(facts)
    return found


def _linked(connection: Connection, link: Table, table: Table, numbers: list[int]) -> Sequence[Row[Any]]:
    """Rows that experiments refer to, each with the number of the experiment; without contents."""
    key = next(iter(table.primary_key)).name
    links, rows = raw(link), raw(table)
    query = select(links.c.experiment_id, *(column for column in rows.c if column.name != "content"))
    joined = query.select_from(links.join(rows, rows.c[key] == links.c[key])).order_by(rows.c[key])
    return connection.execute(joined.where(links.c.experiment_id.in_(numbers))).all()


# ---------------------------------------------------------------------------------------------------------- files


def _add_files(connection: Connection, ours: bool, found: list[Found]) -> None:
    by_id = {one.stored_id: one for one in found}
    columns = [_ARTIFACT.c.run_id, _ARTIFACT.c.artifact_id, _ARTIFACT.c.filename]
    joined: Any = _ARTIFACT
    if ours:
        columns += [_SAID.c[name] for name in ("name", "given", "path", "md5sum", "content_type", "metadata")]
        joined = _ARTIFACT.outerjoin(_SAID, _SAID.c.artifact == _ARTIFACT.c.artifact_id)
    query = select(*columns).select_from(joined).where(_ARTIFACT.c.run_id.in_(list(by_id)))
    for row in connection.execute(query.order_by(_ARTIFACT.c.artifact_id)):
        one = by_id[row.run_id]
        one.artifacts.append(_artifact(row, one.problems))
    linked = _LINK.join(_RESOURCE, _RESOURCE.c.resource_id == _LINK.c.resource_id)
    resources = select(_LINK.c.run_id, _RESOURCE.c.resource_id, _RESOURCE.c.filename, _RESOURCE.c.md5sum)
    wanted = resources.select_from(linked).where(_LINK.c.run_id.in_(list(by_id)))
    for row in connection.execute(wanted.order_by(_RESOURCE.c.resource_id)):
        by_id[row.run_id].resources.append(row)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _artifact(row: Row[Any], problems: list[str]) -> RecordedFile:
    said = row._mapping
    metadata = _json(said.get("metadata"), "metadata of an artifact", problems)
    return RecordedFile(
        _text(said.get("name")) or _text(row.filename) or f"artifact {row.artifact_id}",
        given=_text(said.get("given")) or _text(row.filename),
        md5=_text(said.get("md5sum")),
        metadata=metadata if isinstance(metadata, dict) else None,
        content_type=_text(said.get("content_type")),
        path=_text(said.get("path")),
        key=(artifact.name, row.artifact_id),
    )


def _resource(row: Row[Any], contents: Contents) -> RecordedFile:
    key = (resource.name, row.resource_id)
    name = _text(row.filename)
    return RecordedFile(name or "", md5=_text(row.md5sum), path=name, key=key, contents=contents)


def files_of(found: Found, contents: Contents) -> Files:
    """The files of a run."""
    return Files(
        [
            RecordedFile(path, md5=digest, key=(source.name, digest), contents=contents)
            for path, digest in found.sources
        ],
        [_resource(row, contents) for row in found.resources],
        [replace(file, contents=contents) for file in found.artifacts],
    )


# ---------------------------------------------------------------------------------------------------------- marks


def _add_marks(connection: Connection, found: list[Found]) -> None:
    by_key = {one.key: one for one in found}
    columns = _DETAIL.c
    query = select(columns.run, columns.name, columns.value)
    for key, name, text in connection.execute(query.where(columns.run.in_(list(by_key)), columns.name.in_(MARKS))):
        by_key[key].marks[name] = _json(text, name, by_key[key].problems)
