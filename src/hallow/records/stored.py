"""What a store knows of a run that was recorded earlier, as far as taking it up again needs it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

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
