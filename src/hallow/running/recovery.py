"""Closing the records of runs whose process is gone, and delivering what observers did not get.

What a run logged and printed is in its journal. A recovery makes the observers again, as the journal says, and tells
them what is missing, and how the run ended.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hallow.errors import HallowError, JournalError
from hallow.journal.journal import Journal
from hallow.journal.layout import HEADER
from hallow.journal.owner import death_cause, is_alive
from hallow.journal.place import journals_dir
from hallow.records.decoding import restore
from hallow.running.handover import Handover
from hallow.running.times import naive_utc

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterator

__all__ = ["DIED", "Recovered", "find_journals", "journals_of", "recover"]

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


def find_journals(target: str | os.PathLike[str] | None = None) -> Iterator[str]:
    """The journals below a file store, of one run's folder, or all that this user's runs left on this machine.

    Args:
        target: a store, a run's folder, a journal, or ``None``.

    Raises:
        JournalError: if there is no such folder.
    """
    if target is None:
        yield from _below(journals_dir())
        return
    folder = os.fspath(target)
    if not os.path.isdir(folder):
        raise JournalError(f"there is no folder {folder!r}; give a file store, the folder of a run, or a journal")
    if os.path.isfile(os.path.join(folder, HEADER)):
        yield folder
        return
    own = os.path.join(folder, ".hallow", "journal")
    if os.path.isfile(os.path.join(own, HEADER)):
        yield own
    yield from _below(folder)
    for name in sorted(os.listdir(folder), key=_natural):
        inside = os.path.join(folder, name, ".hallow", "journal")
        if os.path.isfile(os.path.join(inside, HEADER)):
            yield inside


def journals_of(observer: Any, run_id: Any) -> list[str]:
    """The journals that hold what ``observer``, which has reopened the run, may lack of it."""
    own = getattr(observer, "journal_folder", None)
    if isinstance(own, str) and os.path.isfile(os.path.join(own, HEADER)):
        return [own]
    from hallow.running.safekeeping import recovery_of

    wanted = recovery_of(observer)
    return [folder for folder in find_journals() if _is_of(Journal.open(folder).header, wanted, run_id)]


def _is_of(header: dict[str, Any], wanted: dict[str, Any], run_id: Any) -> bool:
    known = [{key: spec.get(key) for key in wanted} for spec in header.get("observers", [])]
    return bool(wanted in known and str(header.get("run", {}).get("id")) == str(run_id))


def _below(folder: str) -> Iterator[str]:
    with suppress(FileNotFoundError, NotADirectoryError):
        for name in sorted(os.listdir(folder), key=_natural):
            if os.path.isfile(os.path.join(folder, name, HEADER)):
                yield os.path.join(folder, name)


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isdigit() else (1 << 62, name)


def recover(
    target: str | os.PathLike[str] | None = None,
    dry_run: bool = False,
    assume_dead: bool = False,
    logger: logging.Logger | None = None,
) -> list[Recovered]:
    """Close dead runs and deliver what their observers, and those of ended runs, did not get.

    Args:
        target: see :func:`find_journals`.
        dry_run: only say what would be done.
        assume_dead: also close runs of other machines, of which it cannot be told whether they still run.
        logger: where the observers' troubles are reported.

    Raises:
        JournalError: if ``target`` does not exist.
    """
    journals = list(find_journals(target))
    found = [_recovered(folder, dry_run, assume_dead, logger) for folder in journals]
    for one in found:
        if one.state == "closed":  # only now: what a run inside another one printed is in the journal of that one
            Journal.open(one.journal).remove()
    if target is None or journals == [os.fspath(target)]:
        return found
    return [*found, *_without_journal(target, dry_run, assume_dead, {str(one.run_id) for one in found})]


def _without_journal(
    target: str | os.PathLike[str], dry_run: bool, assume_dead: bool, known: set[str]
) -> Iterator[Recovered]:
    """Runs of a file store that died before they had a journal, or whose journal was removed."""
    from hallow.observers import FileStorageObserver

    observer = FileStorageObserver(target)
    for run_id, owner in list(observer.unfinished()):
        alive = is_alive(owner)
        if run_id in known or alive or (alive is None and not assume_dead):
            continue
        cause = death_cause(owner, [])
        found = Recovered("", run_id, "open", DIED, str(cause["cause"]), ["it has no journal"])
        if not dry_run:
            observer.reopen(run_id)
            observer.detail_event("run", cause)
            observer.interrupted_event(naive_utc(float(owner.get("started") or 0)), DIED)
            found.state = "closed"
        yield found


def _recovered(folder: str, dry_run: bool, assume_dead: bool, logger: logging.Logger | None) -> Recovered:
    journal = Journal.open(folder)
    found = Recovered(folder)
    journal.header = journal.header or _header_of_store(folder)
    if not journal.header:
        found.state, found.problems = "damaged", [*journal.problems] or ["the header cannot be read"]
        return found
    found.run_id = journal.header.get("run", {}).get("id")
    events = [event for _, event in journal.events]
    end = next((event for event in reversed(events) if event.get("event") == "end"), None)
    end = end or (journal.state.read() or {}).get("end")
    alive = is_alive(journal.header.get("owner", {}))
    if alive or (alive is None and not assume_dead and end is None):
        found.state = "running" if alive else "unknown"
        return found
    found.status, found.cause = _verdict(journal, events, end)
    if dry_run:
        found.missing = [handover.describe() for handover in _handovers(journal, found)]
        return found
    _deliver(journal, events, end, found, logger)
    return found


def _header_of_store(folder: str) -> dict[str, Any]:
    """What the header of a journal must have said, by the file store that it lies in; nothing if that does not know."""
    run_folder, own = os.path.split(os.path.dirname(os.path.abspath(folder)))
    basedir, run_id = os.path.split(run_folder)
    if own != ".hallow":
        return {}
    from hallow.observers import FileStorageObserver

    observer = FileStorageObserver(basedir)
    owner = dict(observer.unfinished()).get(run_id)
    if owner is None or len(observer.reopen(run_id).attempts) > 1:
        return {}
    return {
        "run": {"id": run_id},
        "owner": owner,
        "output": {"mode": None, "fold": True, "cap": 0, "filtered": False},
        "observers": [{**observer.recovery(), "text": True}],
    }


def _verdict(journal: Journal, events: list[dict[str, Any]], end: dict[str, Any] | None) -> tuple[str, str]:
    if end is None:
        return DIED, str(death_cause(journal.header["owner"], events)["cause"])
    status = {"completed_event": "COMPLETED", "failed_event": "FAILED"}.get(end["final"])
    return status or str(end["arguments"].get("status", "")), "the run ended, but not everything was delivered"


def _handovers(journal: Journal, found: Recovered) -> Iterator[Handover]:
    for number, spec in enumerate(journal.header.get("observers", [])):
        try:
            yield Handover(journal, number, made_again(spec), spec)
        except (HallowError, OSError, TypeError, KeyError) as error:  # noqa: PERF203 - few observers
            found.problems.append(f"{spec.get('class')}: {error}")


def made_again(spec: dict[str, Any]) -> Any:
    """The observer that a journal describes.

    Raises:
        JournalError: if that cannot be: its class does not say how, or cannot be imported.
    """
    if "arguments" not in spec:
        raise JournalError("this observer does not say how it is made again (it has no method recovery)")
    module, _, name = str(spec["class"]).partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as error:
        raise JournalError(f"it cannot be imported ({error}); set PYTHONPATH so that {module} can be") from error
    if not (isinstance(found, type) and hasattr(found, "recovery") and hasattr(found, "reopen")):
        # What a journal names is only called if it is an observer that offers this.
        raise JournalError("it is no observer that can be made again (no methods recovery and reopen)")
    return found(**spec["arguments"])


def _deliver(
    journal: Journal,
    events: list[dict[str, Any]],
    end: dict[str, Any] | None,
    found: Recovered,
    logger: logging.Logger | None,
) -> None:
    from filelock import FileLock, Timeout

    lock = FileLock(os.path.join(journal.folder, "recovery.lock"), timeout=0)
    try:
        with lock:
            final = _final(journal, end)
            done = [
                _handed_over(handover, final, _ending(journal, events, end), found, logger)
                for handover in _handovers(journal, found)
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
