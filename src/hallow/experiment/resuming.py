"""Taking up an earlier run again: finding its record, going on with its configuration, refusing what differs."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hallow.cli.builtin import OBSERVER_OPTIONS
from hallow.cli.grammar import nest_updates
from hallow.cli.options import apply_options
from hallow.config.dicts import ConfigDict
from hallow.config.trees import MISSING
from hallow.config.values import is_different
from hallow.errors import ResumeError
from hallow.observers.queue import told_in_runs
from hallow.records.described import descriptions
from hallow.running.delivery import by_priority
from hallow.utils import get_by_dotted_path, iterate_flattened

if TYPE_CHECKING:
    from hallow.cli.options import CLIOption
    from hallow.records.stored import StoredRun
    from hallow.running.run import Run


def stored_record(
    run_id: Any, observers: Iterable[Any], chosen: Mapping[str, Any], options: Iterable[CLIOption]
) -> StoredRun:
    """What the first observer that can take up runs knows of one; a run that died is closed first.

    Args:
        run_id: of the run.
        observers: of the experiment.
        chosen: values of the command line options; some add observers.
        options: all options.

    Raises:
        ResumeError: if no observer can, or the run is still going on.
        RunNotFoundError: if there is no such run.
    """
    probe = SimpleNamespace(observers=list(observers))
    apply_options(chosen, [option for option in options if option.long_flag in OBSERVER_OPTIONS], probe)
    able = [one for one in map(told_in_runs, by_priority(probe.observers)) if hasattr(type(one), "reopen")]
    if not able:
        raise ResumeError(
            f"run {run_id} cannot be resumed: no observer can read its record; add the FileStorageObserver (or -F "
            "FOLDER) that recorded it"
        )
    # A copy: the experiment's own observer may be busy with another run.
    observer = copy.copy(able[0])
    record: StoredRun = observer.reopen(run_id)
    if record.status == "QUEUED":
        raise ResumeError(f"run {run_id} is only queued; start it with --id {run_id}, there is nothing to resume")
    if record.status == "RUNNING" and _closed(observer, run_id):
        record = copy.copy(able[0]).reopen(run_id)
    return record


def _closed(observer: Any, run_id: Any) -> bool:
    """Close the record of a run that died; whether that was needed.

    Raises:
        ResumeError: if the run is still going on.
    """
    from hallow.running.recovery import journals_of, recover

    found = [journal for folder in journals_of(observer, run_id) for journal in recover(folder)]
    for journal in found:
        if journal.state in ("running", "busy"):
            raise ResumeError(f"run {run_id} is still going on; stop it first, or start a new run")
        if journal.state != "closed":
            problems = "; ".join(journal.problems) or f"its journal is {journal.state}"
            raise ResumeError(
                f"run {run_id} cannot be closed before it is resumed: {problems}; see hallow recover {journal.journal}"
            )
    return bool(found)


# ------------------------------------------------------------------------------------------- the configuration


def resumed_updates(record: StoredRun, updates: Mapping[str, Any], force: bool) -> dict[str, Any]:
    """Updates that give a run the configuration of its record.

    Raises:
        ResumeError: if ``updates`` want another value for an entry; names them.
        ConfigError: if they do not fit the recorded values.
    """
    recorded = _restorable(record.config)
    wanted = dict(ConfigDict(recorded)(fixed=nest_updates(updates)))
    values = dict(iterate_flattened(recorded))
    differing = [
        f"{path}: recorded {_shown(record.config, path)}, asked for {value!r}"
        for path, value in iterate_flattened(wanted)
        if path not in values or is_different(values[path], value)
    ]
    if differing and not force:
        raise ResumeError(
            f"run {record.run_id} goes on with the configuration it began with, but that differs:\n  "
            + "\n  ".join(differing)
            + "\nLeave these updates out, start a new run, or use --force"
        )
    return wanted


def _shown(config: Mapping[str, Any], path: str) -> str:
    value = get_by_dotted_path(config, path, MISSING)
    return "nothing" if value is MISSING else repr(value)


def _restorable(value: Mapping[Any, Any]) -> dict[Any, Any]:
    """A copy without what only Python code can make again; such entries keep what the code gives them."""
    return {
        key: _restorable(item) if isinstance(item, dict) else item
        for key, item in value.items()
        if isinstance(item, dict) or next(descriptions(item), None) is None
    }


def take_up(run: Run, record: StoredRun, force: bool) -> None:
    """Make ``run`` go on where the record ends.

    Raises:
        ResumeError: if it is another command, or the sources have changed.
    """
    if record.command and record.command != run.command:
        raise ResumeError(
            f"run {record.run_id} is a run of the command {record.command!r}, not of {run.command!r}; name that command"
        )
    changed = _changed_sources(run, record)
    if changed and not force:
        raise ResumeError(
            f"the sources of run {record.run_id} have changed since it began: {', '.join(changed)}. Restore them, "
            "start a new run, or use --force"
        )
    run._record = record
    run._id = record.run_id
    run.resumed = len(record.attempts)
    run.info.update({key: value for key, value in record.info.items() if key not in run.info})
    run.result = record.result


def _changed_sources(run: Run, record: StoredRun) -> list[str]:
    recorded = dict(record.sources)
    return sorted(
        path for path, digest in run.experiment_info["sources"] if path in recorded and recorded[path] != digest
    )
