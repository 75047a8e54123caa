"""Which runs stay in the store after their end (``SETTINGS.KEEP_RUNS``)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hallow.settings import Settings

__all__ = ["is_kept", "why_not_kept"]

_NO_END = frozenset({"QUEUED", "RUNNING"})


def is_kept(status: str | None, seconds: float, settings: Settings) -> bool:
    """Whether the record of a run stays.

    Args:
        status: of the run at its end; one that is no end (QUEUED, RUNNING, ``None``) is always kept.
        seconds: that it took.
        settings: of the run. ``KEEP_RUNS`` is ``"all"`` or lists the statuses that are kept, in upper or lower case.
            ``KEEP_RUNS_LONGER_THAN``, unless it is 0, keeps longer runs whatever their status. It never removes a
            run that ``KEEP_RUNS`` keeps.
    """
    kept = settings["KEEP_RUNS"]
    if kept == "all" or status is None or status in _NO_END:
        return True
    limit = settings["KEEP_RUNS_LONGER_THAN"]
    return status.upper() in {name.upper() for name in kept} or 0 < limit < seconds


def why_not_kept(status: str | None, seconds: float, settings: Settings) -> str | None:
    """A sentence for the log about a run that is removed, or ``None`` for one that stays."""
    if is_kept(status, seconds, settings):
        return None
    limit = settings["KEEP_RUNS_LONGER_THAN"]
    longer = f", and it took no longer than {limit:g} s" if limit else ""
    kept = list(settings["KEEP_RUNS"])
    return f"The record of this run is removed: {status} is not in SETTINGS.KEEP_RUNS={kept!r}{longer}"
