"""Taking up again what a store has: to go on with it, to add to it, to close it."""

from __future__ import annotations

import os
from errno import ENOENT
from typing import IO, TYPE_CHECKING, Any

from hallow.backends.keeping.operations import StoreOperations
from hallow.errors import RecordError
from hallow.journal.owner import describe_owner
from hallow.observers.perrun import alone
from hallow.records.encoding import flatten
from hallow.records.points import epoch
from hallow.records.stored import StoredRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

__all__ = ["Reopening"]

# Seconds to wait for another process that adds to the same run.
_PATIENCE = 10.0


class Reopening(StoreOperations):
    """The part of the observer of a store that takes up runs that were recorded earlier."""

    def reopen(self, _id: Any) -> StoredRun:
        """Take up a run that was recorded earlier; what is told from now on is added to it.

        Raises:
            RunNotFoundError: if there is none of that id.
            RecordError: if its record cannot be read.
        """
        self._reset()
        with self.store() as store:
            record = store.get(_id)
            if record.problem:
                raise RecordError(f"the record of run {_id} in {store.url} cannot be read: {record.problem}")
            stored = StoredRun.of(record)
        self._took(record.run_id, self._load(record.run_id), record.config)
        self.info, self._info_text = record.info, ""
        self._points, self._output = stored.points, stored.output
        self._base_dir = os.path.abspath(record.experiment.get("base_dir") or os.curdir)
        self._artifact_md5s = {file.name: file.md5 or "" for file in record.artifacts}
        self._taken = True
        return stored

    def resumed_event(self, resume_time: datetime, host_info: dict[str, Any], _id: Any) -> None:
        """A run that was reopened goes on.

        Raises:
            RunNotFoundError: if there is none of that id.
        """
        if self.run_entry is None or str(self.run_id) != str(_id):
            self.reopen(_id)
        self._set_details({"owner": describe_owner(), "resumed": epoch(resume_time)})
        changes = {"status": "RUNNING", "host": flatten(dict(host_info), path="host")}
        self._save(changes, removed=("stop_time", "fail_trace"))

    def adding(self, _id: Any) -> AbstractContextManager[None]:
        """While this lasts, no other process of this machine adds to a run that has ended (:func:`hallow.reopen`).

        Raises:
            ResumeError: if another one does, and goes on doing so.
        """
        from hashlib import md5

        from hallow.journal.place import state_dir

        name = md5(f"{self.store().url} {_id}".encode(), usedforsecurity=False).hexdigest()
        return alone(os.path.join(state_dir(), f"adding-{name}.lock"), _id, _PATIENCE)

    def open_artifact(self, name: str, mode: str = "rb") -> IO[Any]:
        """Open an artifact of the present run; of several of one name, the one that was added last.

        Raises:
            FileNotFoundError: if there is none; names those there are.
        """
        self._entry()
        try:
            file = self.store().get(self.run_id).artifact(name).open()
        except FileNotFoundError as error:
            raise FileNotFoundError(ENOENT, str(error), name) from None
        if "b" in mode:
            return file
        from io import TextIOWrapper

        return TextIOWrapper(file, encoding="utf-8")

    def unfinished(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Id and process (see :func:`hallow.journal.owner.describe_owner`) of the runs that are said to be going on."""
        with self.store() as store:
            for record in store.runs():
                owner = record.details.get("owner") if record.stored_status == "RUNNING" else None
                if isinstance(owner, dict):
                    yield record.run_id, owner
