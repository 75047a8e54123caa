"""Runs in memory, for those who write and for those who read."""

from __future__ import annotations

import copy
import threading
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO

from hallow.errors import RunExistsError
from hallow.records.contents import Contents
from hallow.stores.base import Store
from hallow.stores.documents import Files, read_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hallow.backends.memory.layout import MemoryRun
    from hallow.backends.memory.observer import MemoryObserver
    from hallow.records.points import Points
    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["MemoryStore"]


class MemoryStore(Store):
    """Runs that are kept in memory by :class:`~hallow.backends.memory.observer.MemoryObserver`."""

    def __init__(self) -> None:
        self.url = f"memory:{id(self):x}"
        self._runs: dict[Any, MemoryRun] = {}
        self._files: dict[str, bytes] = {}
        self._highest = 0
        # Guards all of these.
        self._runs_lock = threading.RLock()

    def observer(self) -> MemoryObserver:
        """An observer that keeps runs here."""
        from hallow.backends.memory.observer import MemoryObserver

        return MemoryObserver(self)

    # --------------------------------------------------------------------------------------------- writing

    def add_run(self, run_id: Any, run: MemoryRun) -> Any:
        """Keep a new run under an id, or under the next number; returns it.

        Raises:
            RunExistsError: if there is one of that id.
        """
        with self._runs_lock:
            wanted = self._highest + 1 if run_id is None else run_id
            if self._known_id(wanted) is not None:
                raise RunExistsError(f"run {wanted} exists in {self.url} already; choose another id")
            if isinstance(wanted, int):
                self._highest = max(self._highest, wanted)
            self._runs[wanted] = run
        return wanted

    def take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        """Give a queued run its document; returns its id, ``None`` if it is not queued."""
        with self._runs_lock:
            known = self._known_id(run_id)
            if known is None or self._runs[known].document.get("status") != "QUEUED":
                return None
            self._runs[known].document.update(document)
            return known

    def keep(self, filename: str) -> str:
        """Keep the content of a file, once; returns its MD5.

        Raises:
            OSError: if it cannot be read.
        """
        from hashlib import md5

        with open(filename, "rb") as file:
            content = file.read()
        digest = md5(content, usedforsecurity=False).hexdigest()
        with self._runs_lock:
            self._files.setdefault(digest, content)
        return digest

    def run_of(self, run_id: Any) -> MemoryRun:
        """A run as it is kept.

        Raises:
            RunNotFoundError: if there is none of that id.
        """
        with self._runs_lock:
            known = self._known_id(run_id)
            if known is None:
                raise self.not_found(run_id)
            return self._runs[known]

    def content(self, md5: str) -> bytes | None:
        """A kept content."""
        return self._files.get(md5)

    # --------------------------------------------------------------------------------------------- reading

    def ids(self) -> Iterator[Any]:
        """The ids of all runs."""
        return iter(list(self._runs))

    def get(self, run_id: Any) -> RunRecord:
        """One run; see :meth:`hallow.stores.base.Store.get`."""
        run = self.run_of(run_id)
        contents = _MemoryContents(self, run)
        document = copy.copy(run.document)
        experiment = document.get("experiment")
        sources = experiment.get("sources", []) if isinstance(experiment, dict) else []
        lists = (sources, document.get("resources", []), document.get("artifacts", []))
        return read_record(
            document,
            contents,
            run_id=self._known_id(run_id),
            store=self.url,
            marks=run.details,
            files=Files(*([replace(file, contents=contents) for file in files] for files in lists)),
        )

    def delete(self, run_id: Any) -> None:
        """Remove a run and what belongs to it alone."""
        self.run_of(run_id)
        with self._runs_lock:
            del self._runs[self._known_id(run_id)]
            used = {file.key for run in self._runs.values() for file in run.files()}
            self._files = {key: content for key, content in self._files.items() if key in used}

    def _known_id(self, run_id: Any) -> Any:
        if run_id in self._runs:
            return run_id
        # An id from a command line is a text.
        number = int(run_id) if isinstance(run_id, str) and run_id.isdecimal() else str(run_id)
        return number if number in self._runs else None


class _MemoryContents(Contents):
    def __init__(self, store: MemoryStore, run: MemoryRun) -> None:
        self._store = store
        self._run = run

    def details(self) -> dict[str, Any]:
        return copy.deepcopy(self._run.details)

    def annotate(self, name: str, value: Any) -> None:
        self._run.details[name] = copy.deepcopy(value)

    def output_size(self) -> int:
        return len(self._run.output)

    def read_output(self, start: int, stop: int) -> bytes:
        return bytes(self._run.output[start:stop])

    def read_points(self, wanted: Callable[[str], bool] | None = None) -> Iterator[Points]:
        for _, batch in list(self._run.batches):
            yield from (points for points in batch if wanted is None or wanted(points.name))

    def open(self, file: RecordedFile) -> BinaryIO:
        content = self._store.content(file.key)
        if content is None:
            raise FileNotFoundError(f"the content of {file.name} is not stored any more")
        return BytesIO(content)
