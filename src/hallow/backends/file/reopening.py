"""Reading a run's folder in order to add to it."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

from hallow.backends.file.facts import read_facts
from hallow.backends.file.layout import OWN
from hallow.backends.file.metrics import MetricsFiles
from hallow.backends.file.store import FileStore
from hallow.errors import RecordError
from hallow.observers.perrun import alone
from hallow.records.decoding import restore
from hallow.records.jsonfile import read_json
from hallow.records.stored import StoredRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

__all__ = ["adding_to", "stored_run", "unfinished_runs"]

# Seconds to wait for another process that adds to the same run.
_PATIENCE = 10.0


def stored_run(folder: str, run_id: Any) -> tuple[dict[str, Any], StoredRun, MetricsFiles]:
    """The content of ``run.json``, what is known of the run, and its metrics, ready to be added to.

    Raises:
        RunNotFoundError: if there is no such run; names those there are.
        RecordError: if its files cannot be read.
        StoreError: if there is no such store.
    """
    record = FileStore(os.path.dirname(folder)).get(run_id)
    if record.problem:
        raise RecordError(f"the record of run {run_id} in {folder!r} cannot be read: {record.problem}")
    metrics = MetricsFiles(folder)
    try:
        entry = restore(read_json(os.path.join(folder, "run.json")), ordered=False)
        metrics.take_up()
    except (OSError, ValueError) as error:
        raise RecordError(f"the metrics of run {run_id} in {folder!r} cannot be read: {error}") from error
    return entry, StoredRun.of(record, (dict(metrics.steps), metrics.points)), metrics


def adding_to(folder: str, run_id: Any) -> AbstractContextManager[None]:
    """While this lasts, no other process adds to an ended run in the same way.

    Raises:
        ResumeError: if another one does, and goes on doing so.
    """
    if not os.path.isdir(folder):  # it will be reported by whoever looks for the record
        return nullcontext()
    os.makedirs(os.path.join(folder, OWN), exist_ok=True)
    return alone(os.path.join(folder, OWN, "adding.lock"), run_id, _PATIENCE)


def unfinished_runs(basedir: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and process of the runs below ``basedir`` that are said to be going on; only those that hallow has written."""
    for name in sorted(os.listdir(basedir)):
        folder = os.path.join(basedir, name)
        if not os.path.isfile(os.path.join(folder, "run.json")):
            continue
        with suppress(OSError, ValueError, AttributeError):
            owner = read_facts(folder).get("owner")
            if owner is not None and read_json(os.path.join(folder, "run.json")).get("status") == "RUNNING":
                yield name, owner
