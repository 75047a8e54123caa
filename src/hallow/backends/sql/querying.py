"""Runs as Sacred's documents show them, with what its tables have no place for."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from hallow.backends.sql.tables import Run

if TYPE_CHECKING:
    from hallow.backends.sql.database import Database
    from hallow.records.record import RunRecord

__all__ = ["queried"]


def queried(database: Database, record: RunRecord) -> dict[str, Any]:
    """The document of a run; see :meth:`hallow.backends.sql.observer.SqlObserver.query`."""
    given = database.session
    sessions: AbstractContextManager[Any] = Session(database.engine) if given is None else nullcontext(given)
    with sessions as session:
        document: dict[str, Any] = session.query(Run).filter_by(run_id=str(record.run_id)).one().to_json()
    return {
        **document,
        "status": record.stored_status,
        "result": record.result,
        "meta": record.meta,
        "info": record.info,
        "experiment": {**(document["experiment"] or {}), "mainfile": record.experiment["mainfile"]},
        "artifacts": [
            {**artifact, "metadata": file.metadata, "content_type": file.content_type}
            for artifact, file in zip(document["artifacts"], record.artifacts, strict=True)
        ],
        "metrics": {name: {"steps": some.steps, "values": some.values} for name, some in record.metrics.items()},
    }
