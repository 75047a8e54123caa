"""What is told at the end of a run and has no place in Sacred's documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.running.feed import Feed
    from hallow.running.run import Run

__all__ = ["facts", "figures", "outcome"]


def outcome(run: Run, signal: str | None, trace: list[str] | None) -> dict[str, Any]:
    """How the run ended: exit code, signal, traceback of an interrupt; and how it was carried out."""
    ending: dict[str, Any] = {
        "exit_code": run.exit_code,
        "capture_mode": run.capture_mode,
        "seeded": run.seeded,
        "parent": None if run.parent is None else run.parent._id,
    }
    if signal is not None:
        ending["signal"] = signal
    if trace is not None:
        ending["trace"] = trace
    if run.world_size > 1:
        ending["world_size"] = run.world_size
    return ending


def facts(run: Run) -> Iterator[tuple[str, Any]]:
    """What else stands beside the record, known before the last beat."""
    if run.tags:
        yield "tags", run.tags
    if run.group is not None:
        yield "group", run.group
    if run.children:
        from hallow.running.family import aggregate

        yield "children", {"runs": run.children, "aggregate": aggregate(run.children)}


def figures(run: Run, feed: Feed, signal: str | None) -> Iterator[tuple[str, Any]]:
    """What is known after the last beat: figures of all metrics, and the attempts at a run that was resumed."""
    summary = feed.complete_summary()
    if summary:
        yield "metrics", summary
    if run._record is not None:
        yield "attempts", [*run._record.attempts, _attempt(run, signal)]


def _attempt(run: Run, signal: str | None) -> dict[str, Any]:
    from hallow.journal.owner import describe_owner

    attempt = {
        "start": None if run.start_time is None else run.start_time.isoformat(),
        "stop": None if run.stop_time is None else run.stop_time.isoformat(),
        "status": run.status,
        "host": describe_owner()["host"],
        "exit_code": run.exit_code,
    }
    return attempt if signal is None else {**attempt, "signal": signal}
