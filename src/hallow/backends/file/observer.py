"""The observer that keeps every run in a folder of its own."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from contextlib import suppress
from errno import ENOENT
from typing import IO, TYPE_CHECKING, Any

from hallow.backends.file.copies import copy_version
from hallow.backends.file.facts import LISTED, FactsFile, read_facts
from hallow.backends.file.layout import OWN, RUN_FILES, FolderTemplate, artifact_path, checked_id
from hallow.backends.file.writer import (
    DEFAULT_FILE_STORAGE_PRIORITY,
    RunFolderWriter,
    base_dir_of,
)
from hallow.errors import StoreError
from hallow.journal.owner import describe_owner
from hallow.provenance.sources import relative_path
from hallow.records.encoding import flatten
from hallow.records.jsonfile import dump_json, replace_file
from hallow.records.points import epoch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import datetime

    from hallow.backends.file.store import FileStore
    from hallow.records.points import Points
    from hallow.records.stored import StoredRun

__all__ = ["DEFAULT_FILE_STORAGE_PRIORITY", "FileStorageObserver"]

_RESERVED = LISTED | {"layout", "owner", "times"}


class FileStorageObserver(RunFolderWriter):
    """Keeps every run in a folder of its own, see :mod:`hallow.backends.file.layout`.

    Nothing is made on disk before a run starts.

    Args:
        basedir: the folder of the store; made with its parents when the first run starts.
        resource_dir: where resources are kept, by default ``<basedir>/_resources``.
        source_dir: where source files are kept, by default ``<basedir>/_sources``.
        template: a Mako template for a report of each run, by default ``<basedir>/template.html`` if
            that exists.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        copy_artifacts: if False, resources that lie in the store already are not copied.
        copy_sources: if False, source files are named but not copied.
        folder: names run folders after their runs, such as ``"{time}_{config.lr}"`` (see
            :class:`~hallow.backends.file.layout.FolderTemplate`); by default they are numbered from 1.

    Attributes:
        dir: absolute path of the folder of the run that this observer records or recorded last, or ``None``.
        run_entry: the content of that run's ``run.json``.
        config: the configuration of that run.
        info: its info, as of the last heartbeat.
        cout: its output, as of the last heartbeat.

    Raises:
        FileNotFoundError: if ``template`` does not exist.
        StoreError: if ``folder`` is not a template.
    """

    VERSION = "FileStorageObserver-0.7.0"

    def __init__(
        self,
        basedir: str | os.PathLike[str],
        resource_dir: str | os.PathLike[str] | None = None,
        source_dir: str | os.PathLike[str] | None = None,
        template: str | os.PathLike[str] | None = None,
        priority: float = DEFAULT_FILE_STORAGE_PRIORITY,
        copy_artifacts: bool = True,
        copy_sources: bool = True,
        *,
        folder: str | None = None,
    ) -> None:
        self._folder = None if folder is None else FolderTemplate(folder)
        self.initialize(basedir, resource_dir, source_dir, template, priority, copy_artifacts, copy_sources)

    # ---------------------------------------------------------------------- beginning

    def queued_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Keep a run for later: its configuration, and its source files in its own folder.

        Returns:
            the id: ``_id`` if that is given, else the name of the new folder.
        """
        with self._beginning(ex_info, command, queue_time, config, _id):
            self._queue(ex_info, command, host_info, queue_time, config, meta_info)
        self._taken = False
        return os.path.basename(self._running()[0]) if _id is None else _id

    def _queue(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        queue_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
    ) -> None:
        folder = os.fspath(self.dir or "")
        self._host = host_info
        self.run_entry = {
            "experiment": dict(ex_info),
            "command": command,
            "host": dict(host_info),
            "meta": dict(meta_info),
            "status": "QUEUED",
        }
        self.config = config
        kept = self._keep_sources(ex_info)
        if self.copy_sources:
            for path, _, _ in kept:
                self._copy_flat(os.path.join(base_dir_of(ex_info), path), folder)
        self._say_time("queue", queue_time)
        self.save_json(self.config, "config.json")
        self._save_entry()

    def _copy_flat(self, source: str, folder: str) -> None:
        name = os.path.basename(source)
        if name not in RUN_FILES:
            with suppress(OSError):  # reported when it was to be kept
                copy_version(source, folder, name)

    def started_event(
        self,
        ex_info: dict[str, Any],
        command: str,
        host_info: dict[str, Any],
        start_time: datetime,
        config: dict[str, Any],
        meta_info: dict[str, Any],
        _id: Any,
    ) -> Any:
        """Make the run's folder, or take over that of a queued run.

        Returns:
            the id: ``_id`` if that is given, else the name of the new folder.

        Raises:
            RunExistsError: (a ``FileExistsError``) if a run of that id exists and is not queued.
            StoreError: if the store cannot be written.
        """
        with self._beginning(ex_info, command, start_time, config, _id):
            # Before the status says RUNNING: whose process that is.
            self._times = {**self._times, "start": epoch(start_time)}
            self._say(("owner", describe_owner()), ("times", self._times))
            self._host = host_info
            self.run_entry = {
                "experiment": {**ex_info, "sources": self.save_sources(ex_info)},
                "command": command,
                "host": dict(host_info),
                "start_time": start_time.isoformat(),
                "meta": dict(meta_info),
                "status": "RUNNING",
                "resources": [],
                "artifacts": [],
                "heartbeat": None,
            }
            self.config = config
            self.save_json(self.config, "config.json")
            self._save_entry()
            self.save_cout()
        return os.path.basename(self._running()[0]) if _id is None else _id

    # ---------------------------------------------------------------------- during a run

    def heartbeat_event(self, info: dict[str, Any], captured_out: str | None, beat_time: datetime, result: Any) -> None:
        """Store what is new; the output is in ``captured_out`` if it does not come by :meth:`output_event`."""
        _, entry = self._running()
        self.info = info
        entry["heartbeat"] = beat_time.isoformat()
        entry["result"] = result
        if captured_out is not None:
            self._take_output(captured_out)
            self.save_cout()
        self._refresh_metrics()
        self._save_info(info)
        if not self._ending:  # run.json is left to the final event
            self._save_entry()

    def _save_info(self, info: dict[str, Any]) -> None:
        text = dump_json(flatten(info, path="info"))
        if text != self._info_text and (info or self._info_text):
            replace_file(os.path.join(self._running()[0], "info.json"), text.encode("ascii"))
            self._info_text = text

    def log_metrics(self, metrics_by_name: Mapping[str, Mapping[str, Any]], info: dict[str, Any]) -> None:
        """Store new points of metrics."""
        del info
        self._running()
        if self._metrics is not None:
            self._metrics.append(metrics_by_name)
            self._refresh_metrics()

    def points_event(self, points: list[Points]) -> None:
        """Store new points of metrics."""
        self._running()
        if self._metrics is not None:
            self._metrics.append_points(points)

    def output_event(self, text: str, position: int) -> None:
        """Store new output."""
        self.output_bytes_event(text.encode("utf-8", "backslashreplace"), position)

    def output_bytes_event(self, data: bytes, position: int) -> None:
        """Store new output."""
        self._write_output(data, position)

    def _refresh_metrics(self, final: bool = False) -> None:
        if self._metrics is not None:
            self._metrics.refresh(final)

    def resource_event(self, filename: str) -> None:
        """Keep a file that the run read."""
        _, entry = self._running()
        stored = self.find_or_save(self.copies.get(filename, filename), self.resource_dir)
        entry["resources"].append([filename, os.fspath(stored)])
        inside = relative_path(self._absolute(stored), self._absolute(self.basedir))
        self._say(("resource", {"path": filename, "stored": inside}))
        self._save_entry()

    def artifact_event(
        self,
        name: str | None,
        filename: str,
        metadata: dict[str, Any] | None = None,
        content_type: str | None = None,
    ) -> str:
        """Keep a file or folder that the run made.

        If there is one of that name with another content already, it becomes a further version: ``m.2.txt``.

        Returns:
            the absolute path of the copy.

        Raises:
            ArtifactNameError: (a ``FileExistsError``) if the store needs the name itself.
        """
        folder, entry = self._running()
        wanted = artifact_path(folder, name or os.path.basename(filename.rstrip("/\\")), self._reserved())
        stored = copy_version(filename, folder, wanted)
        if stored not in entry["artifacts"]:
            entry["artifacts"].append(stored)
        fact = {"name": name or wanted, "stored": stored, "path": filename}
        extra = {"metadata": metadata, "content_type": content_type}
        self._say(("artifact", {**fact, **extra}))
        self._save_entry()
        return os.path.join(folder, stored)

    def detail_event(self, name: str, detail: Any) -> None:
        """Keep further facts beside the others; ``late_sources`` are added to the sources.

        Raises:
            StoreError: if the name is not a word, or that of a fact of the store's own.
        """
        self.details_event([(name, detail)])

    def details_event(self, details: Sequence[tuple[str, Any]]) -> None:
        """Keep several of them, in one step; see :meth:`detail_event`.

        Raises:
            StoreError: as there.
        """
        _, entry = self._running()
        for name, _ in details:
            _check_detail(name)
        self._say(*(detail for detail in details if detail[0] != "late_sources"))
        for name, detail in details:
            if name == "late_sources":
                self._add_late_sources(entry, detail)

    def _add_late_sources(self, entry: dict[str, Any], sources: Any) -> None:
        experiment = entry["experiment"]
        known = {path for path, _ in experiment["sources"]}
        new = [(path, digest) for path, digest in sources if path not in known]
        if new:
            experiment["sources"] = [
                *experiment["sources"],
                *self.save_sources({"base_dir": experiment.get("base_dir"), "sources": new}),
            ]
            self._save_entry()

    # ---------------------------------------------------------------------- again

    @property
    def journal_folder(self) -> str | None:
        """Where the journal of the present run may be: it is as safe there as the record."""
        return None if self.dir is None else os.path.join(self.dir, OWN, "journal")

    def recovery(self) -> dict[str, Any]:
        """How another process makes this observer again."""
        own = type(self)
        return {
            "class": f"{own.__module__}:{own.__qualname__}",
            "arguments": {
                "basedir": self._absolute(self.basedir),
                "resource_dir": self._absolute(self._resource_dir),
                "source_dir": self._absolute(self._source_dir),
                "priority": self.priority,
                "copy_artifacts": self.copy_artifacts,
                "copy_sources": self.copy_sources,
            },
        }

    @property
    def url(self) -> str:
        """Of the store."""
        return f"file:{self._absolute(self.basedir)}"

    def store(self) -> FileStore:
        """The store, for reading.

        Raises:
            StoreError: if its folder is missing and cannot be made.
        """
        from hallow.backends.file.folders import make_basedir
        from hallow.backends.file.store import FileStore

        make_basedir(self._absolute(self.basedir))
        return FileStore(self._absolute(self.basedir))

    def unfinished(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Id and process (see :func:`hallow.journal.owner.describe_owner`) of the runs that are said to be going on."""
        from hallow.backends.file.reopening import unfinished_runs

        yield from unfinished_runs(self._absolute(self.basedir))

    def reopen(self, _id: Any) -> StoredRun:
        """Take up a run that was recorded earlier; what is told from now on is added to it.

        Raises:
            RunNotFoundError: if there is none of that id.
            RecordError: if its record cannot be read.
        """
        from hallow.backends.file.reopening import stored_run  # a run that is new reads nothing

        self._reset()
        folder = self._absolute(os.path.join(self.basedir, checked_id(_id)))
        entry, stored, self._metrics = stored_run(folder, _id)
        self.dir = folder
        self.run_entry = entry
        self.config, self.info = stored.config, stored.info
        self._info_text = "in the store" if stored.info else ""
        self._facts = FactsFile(folder)
        self._times = read_facts(folder).get("times", {})
        self._taken = True
        return stored

    def adding(self, _id: Any) -> AbstractContextManager[None]:
        """While this lasts, no other process adds to a run that has ended (:func:`hallow.reopen`).

        Raises:
            ResumeError: if another one does, and goes on doing so.
        """
        from hallow.backends.file.reopening import adding_to

        return adding_to(self._absolute(os.path.join(self.basedir, checked_id(_id))), _id)

    def resumed_event(self, resume_time: datetime, host_info: dict[str, Any], _id: Any) -> None:
        """A run that was reopened goes on.

        Raises:
            RunNotFoundError: if there is none of that id.
        """
        if self.dir is None or os.path.basename(self.dir) != checked_id(_id):
            self.reopen(_id)
        _, entry = self._running()
        for key in ("stop_time", "fail_trace"):
            entry.pop(key, None)
        self._times = {**self._times, "resumed": epoch(resume_time)}
        self._say(("owner", describe_owner()), ("times", self._times))
        entry.update(status="RUNNING", host=dict(host_info))
        self._host = host_info
        self._save_entry()

    def open_artifact(self, name: str, mode: str = "rb") -> IO[Any]:
        """Open an artifact of the present run; of several of one name, the one that was added last.

        Raises:
            FileNotFoundError: if there is none; names those there are.
        """
        folder, entry = self._running()
        kept = [fact["stored"] for fact in read_facts(folder).get("artifact", []) if fact["name"] == name]
        stored = kept[-1] if kept else name
        if not kept and name not in entry["artifacts"]:
            there = ", ".join(entry["artifacts"]) or "none"
            raise FileNotFoundError(ENOENT, f"the run has no artifact of that name; there are: {there}", name)
        return open(os.path.join(folder, stored), mode, encoding=None if "b" in mode else "utf-8")

    def discard(self) -> None:
        """Remove the folder of the run that has just ended; its sources and resources may be those of others, too."""
        from shutil import rmtree

        folder, _ = self._running()
        self._reset()
        rmtree(folder)

    # ---------------------------------------------------------------------- end

    def join(self) -> None:
        """Everything is stored when an event returns; but for points that came after the end in ``metrics.json``."""
        if self.run_entry is not None and self.run_entry.get("stop_time"):
            self._refresh_metrics(final=True)

    def completed_event(self, stop_time: datetime, result: Any) -> None:
        """The run ended well."""
        self._finish(stop_time, status="COMPLETED", result=result)

    def interrupted_event(self, interrupt_time: datetime, status: str) -> None:
        """The run was stopped."""
        self._finish(interrupt_time, status=status)

    def failed_event(self, fail_time: datetime, fail_trace: list[str]) -> None:
        """The run raised."""
        self._finish(fail_time, status="FAILED", fail_trace=fail_trace)

    def _finish(self, when: datetime, **facts: Any) -> None:
        folder, entry = self._running()
        entry.update(facts, stop_time=when.isoformat())
        try:
            self._say_time("stop", when)
            self._refresh_metrics(final=True)
            if not os.path.exists(os.path.join(folder, "info.json")):
                self.save_json(self.info or {}, "info.json")
        finally:
            # The status is last, so that who sees it sees everything.
            self._save_entry()
            self._taken = False
        self.render_template()


def _check_detail(name: str) -> None:
    """Refuse a name that the log of facts cannot take."""
    if name in _RESERVED:
        raise StoreError(f"a detail cannot be called {name!r}: the store needs that name itself; take another one")
    if not name.replace("_", "").replace("-", "").isalnum():
        raise StoreError(f"a detail cannot be called {name!r}; use letters, digits and underscores")
