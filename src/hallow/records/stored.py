"""What a store knows of a run that was recorded earlier, as far as taking it up again needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from hallow.records.record import RunRecord

__all__ = ["StoredRun"]


@dataclass(frozen=True)
class StoredRun:
    """A recorded run.

    Attributes:
        run_id: its id, as the store gave it.
        status: as stored.
        config: the whole configuration with its seed, values restored.
        info: the user's own facts.
        meta: options, named configs, updates.
        result: as stored.
        command: full dotted name.
        sources: pairs of path (relative to the experiment's folder) and MD5.
        steps: the last step of each metric.
        summary: figures of each metric, see :class:`hallow.running.summary.MetricSummary`.
        attempts: one dict for each time that the run was started.
        artifacts: facts about each artifact.
        tags: words that the user marked the run with.
        notes: the user's text about it.
        additions: what was added after its end: dicts with ``"time"`` (ISO, UTC) and ``"what"``.
        points: how many points of metrics are stored.
        output: how many bytes of output are stored.
    """

    run_id: Any
    status: str
    config: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    result: Any = None
    command: str = ""
    sources: list[tuple[str, str]] = field(default_factory=list)
    steps: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    attempts: list[dict[str, Any]] = field(default_factory=list)
    artifacts: list[dict[str, Any]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    notes: str = ""
    additions: list[dict[str, Any]] = field(default_factory=list)
    points: int = 0
    output: int = 0

    @classmethod
    def of(cls, record: RunRecord, known: tuple[dict[str, Any], int] | None = None) -> StoredRun:
        """What a record says of its run.

        Args:
            record: of the run.
            known: ``steps`` and ``points``; by default the metrics are read for them, piece by piece.
        """
        details = record.details
        steps, count = known or _counted(record)
        return cls(
            run_id=record.run_id,
            status=record.stored_status,
            config=record.config,
            info=record.info,
            meta=record.meta,
            result=record.result,
            command=record.command,
            sources=[(file.name, file.md5) for file in record.sources if file.md5],
            steps=steps,
            summary=details.get("metrics") or {},
            attempts=details.get("attempts") or [_first_attempt(record, details)],
            artifacts=[
                {
                    "name": file.given or file.name,
                    "stored": file.name,
                    "metadata": file.metadata,
                    "content_type": file.content_type,
                }
                for file in record.artifacts
            ],
            tags=list(record.tags),
            notes=record.notes,
            additions=details.get("additions") or [],
            points=count,
            output=record.contents.output_size(),
        )


def _counted(record: RunRecord) -> tuple[dict[str, Any], int]:
    steps: dict[str, Any] = {}
    count = 0
    for points in record.contents.read_points():
        count += len(points)
        if points.steps:
            steps[points.name] = points.steps[-1]
    return steps, count


def _first_attempt(record: RunRecord, details: dict[str, Any]) -> dict[str, Any]:
    ending = details.get("run") or {}
    return {
        "start": _iso(record.start_time),
        "stop": _iso(record.stop_time),
        "status": record.stored_status,
        "host": record.host.get("hostname"),
        **{key: ending[key] for key in ("exit_code", "signal", "cause") if ending.get(key) is not None},
    }


def _iso(when: datetime | None) -> str | None:
    return None if when is None else when.replace(tzinfo=None).isoformat()
