"""Closing the records of runs whose process is gone, and delivering what observers did not get.

What a run logged and printed is in its journal. A recovery makes the observers again, as the journal says, and tells
them what is missing, and how the run ended.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.errors import HallowError
from hallow.journal.journal import Journal
from hallow.journal.owner import death_cause, is_alive
from hallow.records.decoding import restore
from hallow.running.recovery.finding import find_journals, header_of_store, is_url
from hallow.running.recovery.handover import Handover
from hallow.running.recovery.making import made_again
from hallow.running.times import naive_utc
from hallow.stores.opening import opened

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Iterator

__all__ = ["DIED", "Recovered", "recover"]

#: Status of a run whose process ended without saying so.
DIED = "DIED"


@dataclass
class Recovered:
    """What was found in one journal, and what was done about it.

    Attributes:
        journal: its folder.
        run_id: of the run.
        state: ``"running"`` (left alone), ``"unknown"`` (it runs, or ran, on another machine; left alone), ``"busy"``
            (another recovery is at work), ``"damaged"``, ``"open"`` (not closed or delivered: a dry run, or something
            failed), or ``"closed"``.
        status: of the run, as it is or would be recorded.
        cause: why it ended.
        missing: what is or was missing, one line for each observer.
        problems: what could not be done.
    """

    journal: str
    run_id: Any = None
    state: str = "open"
    status: str = ""
    cause: str = ""
    missing: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Wishes:
    """How a recovery is to be done; see :func:`recover`."""

    dry_run: bool
    assume_dead: bool
    logger: logging.Logger | None
    stores: tuple[str, ...]


def recover(
    target: str | os.PathLike[str] | None = None,
    dry_run: bool = False,
    assume_dead: bool = False,
    logger: logging.Logger | None = None,
    stores: Iterable[str] = (),
) -> list[Recovered]:
    """Close dead runs and deliver what their observers, and those of ended runs, did not get.

    Args:
        target: see :func:`~hallow.running.recovery.finding.find_journals`.
        dry_run: only say what would be done.
        assume_dead: also close runs of other machines, of which it cannot be told whether they still run.
        logger: where the observers' troubles are reported.
        stores: URLs of stores with their passwords, which journals do not keep; further ones come from the environment
            variable ``HALLOW_STORES``, separated by blanks.

    Raises:
        JournalError: if ``target`` does not exist.
        StoreError: if it is the URL of a store that cannot be reached.
    """
    known = (*stores, str(target)) if is_url(target) else tuple(stores)
    wishes = _Wishes(dry_run, assume_dead, logger, known)
    journals = list(find_journals(target))
    found = [_recovered(folder, wishes) for folder in journals]
    for one in found:
        if one.state == "closed":  # only now: what a run inside another one printed is in the journal of that one
            Journal.open(one.journal).remove()
    if target is None or journals == [os.fspath(target)]:
        return found
    return [*found, *_without_journal(target, wishes, {str(one.run_id) for one in found})]


def _without_journal(target: str | os.PathLike[str], wishes: _Wishes, known: set[str]) -> Iterator[Recovered]:
    """Runs of a store that died before they had a journal, or whose journal was removed."""
    with opened(target) as store:
        observer = store.observer()
        for run_id, owner in list(observer.unfinished()):
            alive = is_alive(owner)
            if str(run_id) in known or alive or (alive is None and not wishes.assume_dead):
                continue
            cause = death_cause(owner, [])
            found = Recovered("", run_id, "open", DIED, str(cause["cause"]), ["it has no journal"])
            if not wishes.dry_run:
                stored, when = observer.reopen(run_id), naive_utc(float(owner.get("started") or 0))
                observer.detail_event("run", cause)
                observer.heartbeat_event(stored.info, None, when, stored.result)
                observer.interrupted_event(when, DIED)
                found.state = "closed"
            yield found


def _recovered(folder: str, wishes: _Wishes) -> Recovered:
    journal = Journal.open(folder)
    found = Recovered(folder)
    journal.header = journal.header or header_of_store(folder)
    if not journal.header:
        found.state, found.problems = "damaged", [*journal.problems] or ["the header cannot be read"]
        return found
    found.run_id = journal.header.get("run", {}).get("id")
    events = [event for _, event in journal.events]
    end = next((event for event in reversed(events) if event.get("event") == "end"), None)
    end = end or (journal.state.read() or {}).get("end")
    left = any(event.get("event") == "left" for event in events)
    alive = not left and is_alive(journal.header.get("owner", {}))
    if alive or (alive is None and not wishes.assume_dead and end is None):
        found.state = "running" if alive else "unknown"
        return found
    found.status, found.cause = _verdict(journal, events, end)
    if wishes.dry_run:
        found.missing = [handover.describe() for handover in _handovers(journal, found, wishes)]
        return found
    _deliver(journal, events, end, found, wishes)
    return found


def _verdict(journal: Journal, events: list[dict[str, Any]], end: dict[str, Any] | None) -> tuple[str, str]:
    if end is None:
        return DIED, str(death_cause(journal.header["owner"], events)["cause"])
    status = {"completed_event": "COMPLETED", "failed_event": "FAILED"}.get(end["final"])
    return status or str(end["arguments"].get("status", "")), "the run ended, but not everything was delivered"


def _handovers(journal: Journal, found: Recovered, wishes: _Wishes) -> Iterator[Handover]:
    for number, spec in enumerate(journal.header.get("observers", [])):
        if spec.get("keeps_record") is False:
            continue
        try:
            yield Handover(journal, number, made_again(spec, wishes.stores), spec)
        except (HallowError, OSError, TypeError, KeyError) as error:
            found.problems.append(f"{spec.get('class')}: {error}")


def _deliver(
    journal: Journal,
    events: list[dict[str, Any]],
    end: dict[str, Any] | None,
    found: Recovered,
    wishes: _Wishes,
) -> None:
    from filelock import FileLock, Timeout

    lock = FileLock(os.path.join(journal.folder, "recovery.lock"), timeout=0)
    try:
        with lock:
            final, ending = _final(journal, end), _ending(journal, events, end)
            done = [
                _handed_over(handover, final, ending, found, wishes.logger)
                for handover in _handovers(journal, found, wishes)
            ]
            if all(done) and not found.problems:
                found.state = "closed"
    except Timeout:
        found.state = "busy"


def _handed_over(
    handover: Handover,
    final: tuple[str, dict[str, Any]],
    ending: dict[str, Any] | None,
    found: Recovered,
    logger: logging.Logger | None,
) -> bool:
    found.missing.append(handover.describe())
    try:
        handover.carry_out(final, ending)
        if found.run_id is None:  # no store knew the run until now
            found.run_id = handover.run_id
    except Exception as error:  # whatever an observer raises; the journal stays
        found.problems.append(f"{handover.observer}: {type(error).__name__}: {error}")
        if logger is not None:
            logger.debug("recovery of %s", handover.observer, exc_info=True)
        return False
    return True


def _final(journal: Journal, end: dict[str, Any] | None) -> tuple[str, dict[str, Any]]:
    """The final event: the one that the run noted, or that it died when it last gave a sign of life."""
    if end is not None:
        return str(end["final"]), restore(end["arguments"])
    return "interrupted_event", {"interrupt_time": naive_utc(journal.last_sign()), "status": DIED}


def _ending(journal: Journal, events: list[dict[str, Any]], end: dict[str, Any] | None) -> dict[str, Any] | None:
    """What stands beside the record of a run that died."""
    if end is not None:
        return None
    return {**death_cause(journal.header["owner"], events), "capture_mode": journal.header["output"]["mode"]}
