"""The observer that keeps runs in an object store."""

from __future__ import annotations

import logging
import posixpath
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hallow.backends.keeping import ArtifactFile, SourceFile, StoreObserver
from hallow.backends.objects.access import Objects
from hallow.backends.objects.classic import ClassicFiles
from hallow.backends.objects.contents import RunObjects
from hallow.backends.objects.layout import (
    HINT,
    JSON_TYPE,
    OWN,
    RUN_FILES,
    STORE_MARKER,
    check_artifact_name,
    check_version,
    checked_id,
    detail_name,
    entry_json,
    id_of,
    in_json,
    json_bytes,
    number_of,
    parsed,
    stored_name,
)
from hallow.backends.objects.lines import cut_bytes, cut_lines, cut_points, json_line, points_lines
from hallow.backends.objects.local import open_objects
from hallow.backends.objects.pieces import PieceWriter
from hallow.backends.objects.starting import Beginning, give_back, take_queued
from hallow.backends.objects.store import ObjectStore, delete_run
from hallow.errors import RunExistsError
from hallow.records.names import artifact_name, versions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hallow.records.points import Points

__all__ = ["ObjectStoreObserver"]

_log = logging.getLogger("hallow.store")
_PRIORITY = 20
_OFTEN = 64 << 10  # bytes of a run.json that is written at every event
_CHUNK = 1 << 20  # bytes of output in one piece
_TOGETHER = 16 << 20  # bytes of sources that are sent at once


class ObjectStoreObserver(StoreObserver):
    """Keeps runs in an object store, see :mod:`hallow.backends.objects.layout`.

    Nothing is connected before a run starts.

    Args:
        url: of a folder as fsspec takes it, such as ``s3://bucket/folder``, ``gs://bucket/folder``,
            ``file:///folder``. A bucket of S3 or Google Cloud Storage that is missing is made when a run starts
            whose id is not given.
        priority: see :class:`~hallow.observers.base.RunObserver`.
        resource_dir: where resources are kept, within the bucket; by default ``<folder>/_resources``.
        source_dir: where source files are kept, within the bucket; by default ``<folder>/_sources``.
        storage_options: of the file system, such as ``endpoint_url``. What is secret in them appears nowhere, so a run
            that is recovered by another process takes that from the environment.

    Attributes:
        basedir: the folder, within the bucket.
        dir: the "directory" of the run that this observer records or recorded last, within the bucket, or ``None``.
        run_entry: the content of that run's ``run.json``.
        config: the configuration of that run.
        info: its info, as of the last heartbeat.

    Raises:
        StoreError: if there is no file system for the URL.
        MissingExtraError: (an ImportError) if the package that it needs is missing.
    """

    VERSION = "ObjectStoreObserver-1"
    _makes_buckets = True

    def __init__(
        self,
        url: str | Objects,
        priority: float = _PRIORITY,
        *,
        resource_dir: str | None = None,
        source_dir: str | None = None,
        **storage_options: Any,
    ) -> None:
        super().__init__(priority)
        self._objects = url if isinstance(url, Objects) else open_objects(url, storage_options)
        self.basedir = self._objects.folder
        self.resource_dir = resource_dir or posixpath.join(self.basedir, "_resources")
        self.source_dir = source_dir or posixpath.join(self.basedir, "_sources")
        self._given_dirs = {"resource_dir": resource_dir, "source_dir": source_dir}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._objects.url!r})"

    __hash__ = StoreObserver.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ObjectStoreObserver) and self._place() == other._place()

    def _place(self) -> tuple[str, str]:
        return self._objects.kind, self._objects.root

    @property
    def url(self) -> str:
        """Of the store, without a password."""
        return self._objects.url

    def store(self) -> ObjectStore:
        """The store, for reading."""
        return ObjectStore(self._objects)

    def recovery(self) -> dict[str, Any]:
        """How another process makes this observer again; secrets must come from its environment."""
        own = type(self)
        return {"class": f"{own.__module__}:{own.__qualname__}", "arguments": self._arguments()}

    def _arguments(self) -> dict[str, Any]:
        return {"url": self.url, "priority": self.priority, **self._given_dirs, **self._objects.json_options()}

    # --------------------------------------------------------------------------------------- state of a run

    def _reset(self) -> None:
        super()._reset()
        self._run = ""
        self._waiting: Sequence[SourceFile] = ()
        self._files = 0
        self._facts: dict[str, Any] = {}
        self._unwritten = 0

    def _begin(self, run: str) -> None:
        """Take a "directory" for everything that follows."""
        self._run = run
        own = f"{run}/{OWN}"
        self._points_log = PieceWriter(self._objects, f"{own}/metrics", ".jsonl", cut_points)
        self._output_log = PieceWriter(self._objects, f"{own}/output", "", cut_bytes)
        self._files_log = PieceWriter(self._objects, f"{own}/files", ".jsonl", cut_lines)
        self._classic = ClassicFiles(self._objects, run, self._output_log, self._points_log)

    @property
    def dir(self) -> str | None:
        """The "directory" of the run, within the bucket."""
        return posixpath.join(self.basedir, self._run) if self._run else None

    @property
    def cout(self) -> str:
        """The output of the run, as far as it is stored."""
        if self._text or not self._run:
            return self._text
        contents = RunObjects(self._objects, self._run)
        return contents.read_output(0, contents.output_size()).decode("utf-8", "replace")

    def _name(self, part: str) -> str:
        return f"{self._run}/{part}"

    # --------------------------------------------------------------------------------------------- beginning

    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        name = None if run_id is None else checked_id(run_id)
        store = Beginning.of(self._objects, make_bucket=self._makes_buckets and name is None)
        if name is not None and self._objects.exists(name):
            raise self._exists(name)
        self._send_sources(document)
        entry = entry_json(document)
        if name is None:
            name = store.next_run(entry)
        elif not store.make_run(name, entry):
            raise self._exists(name)
        try:
            self._fill(name, document, store.highest or 0)
        except BaseException:
            with suppress(OSError):
                delete_run(self._objects, name)
            raise
        return id_of(name) if run_id is None else run_id

    def _exists(self, name: str) -> RunExistsError:
        return RunExistsError(f"run {name} exists in {self.url} already; choose another id, or let it be chosen")

    def _send_sources(self, document: dict[str, Any]) -> None:
        waiting, self._waiting = self._waiting, ()
        document["experiment"]["sources"] = self._sent(waiting)

    def _fill(self, name: str, document: dict[str, Any], highest: int) -> None:
        """Store what belongs to a new run."""
        self._begin(name)
        contents = {self._name("config.json"): json_bytes(document["config"])}
        if (number_of(name) or 0) > highest:
            contents[HINT] = name.encode("ascii")
        self._objects.write_many(contents, JSON_TYPE)
        if document["status"] == "QUEUED":
            self._copy_sources(document["experiment"]["sources"])

    def _copy_sources(self, sources: list[list[str]]) -> None:
        """A queued run has its sources beside it, too."""
        taken = set(RUN_FILES)
        for path, stored in sources:
            name = next(name for name in versions(posixpath.basename(path)) if name not in taken)
            taken.add(name)
            with suppress(FileNotFoundError):
                self._objects.copy(stored, self._name(name))

    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        name = checked_id(run_id)
        stored = take_queued(self._objects, name)
        if stored is None:
            return None
        try:
            document.update({key: value for key, value in stored.items() if key not in document})
            self._send_sources(document)
            self._begin(name)
            self._objects.write(self._name("config.json"), json_bytes(document["config"]), JSON_TYPE)
            self._objects.write(self._name("run.json"), entry_json(document), JSON_TYPE)
        except BaseException:
            give_back(self._objects, name)
            raise
        return id_of(name)

    def _took(self, run_id: Any, document: dict[str, Any], config: Any) -> None:
        entry = parsed(entry_json(document))
        super()._took(run_id, {"resources": [], "artifacts": [], **entry}, config)

    def _load(self, run_id: Any) -> dict[str, Any]:
        name = checked_id(run_id)
        own = f"{name}/{OWN}/layout.json"
        found = self._objects.read_many([STORE_MARKER, own, f"{name}/run.json"])
        for marker in (STORE_MARKER, own):
            check_version(found.get(marker), self.url)
        self._begin(name)
        for log in (self._points_log, self._output_log, self._files_log):
            log.take_up()
        self._classic.take_up()
        self._files = self._files_log.end
        entry: dict[str, Any] = parsed(found[f"{name}/run.json"])
        return entry

    # ---------------------------------------------------------------------------------------------- document

    def _save(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        super()._save(in_json(changes), removed)
        self._entry().pop("info", None)

    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        ending = "stop_time" in changes
        if "info" in changes:
            self._objects.write(self._name("info.json"), json_bytes(changes["info"]), JSON_TYPE)
        elif ending and not self.info:
            self._objects.write(self._name("info.json"), b"{}", JSON_TYPE)
        if self._ending:  # all but the info is in run.json, which the final event writes
            return
        try:
            self._classic.refresh(ending)
        finally:
            # The status is last, so that who sees it sees everything.
            self._save_entry(at_once=bool(removed) or not changes.keys() <= {"heartbeat", "result", "info"})

    def _save_entry(self, at_once: bool = False) -> None:
        """Write ``run.json``; a large one not at every event, so that no event costs more the more there were."""
        content = entry_json(self._entry())
        self._unwritten += _OFTEN
        if at_once or len(content) <= max(_OFTEN, self._unwritten):
            self._objects.write(self._name("run.json"), content, JSON_TYPE)
            self._unwritten = 0

    def _add(self, field: str, entry: Any) -> None:
        line = json_line({"field": field, "entry": entry, **self._facts})
        self._files_log.write(self._files, [(1, line)])
        self._save_entry()
        self._files += 1

    def _set_details(self, details: dict[str, Any]) -> None:
        contents = {self._name(detail_name(name)): json_bytes(value) for name, value in details.items()}
        self._objects.write_many(contents, JSON_TYPE)

    def join(self) -> None:
        """Everything is stored when an event returns; what came after the end is not in ``metrics.json`` until now."""
        if self.run_entry is not None and self.run_entry.get("stop_time"):
            self._classic.refresh(final=True)

    def discard(self) -> None:
        """Remove the run that has just ended; its sources and resources may be those of others, too."""
        self._entry()
        run = self._run
        self._reset()
        delete_run(self._objects, run)

    # ------------------------------------------------------------------------------------------------- files

    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        if self._run:
            return self._sent(sources)
        self._waiting = sources  # until it is known that the store can be reached, and has a bucket
        return []

    def _sent(self, sources: Sequence[SourceFile]) -> list[Any]:
        # By the path, because the file may be a copy of another name.
        names = {source: self._shared(self.source_dir, source.path, source.md5) for source in sources}
        present = self._objects.present(names.values())
        batch: dict[str, bytes] = {}
        kept = []
        for source, name in names.items():
            if name not in present:
                content = _content_of(source)
                if content is None:
                    continue
                name = self._shared(self.source_dir, source.path, _digest(content, source))
                batch[name] = content
                if sum(map(len, batch.values())) > _TOGETHER:
                    self._objects.write_many(batch)
                    batch = {}
            kept.append([source.path, name])
        self._objects.write_many(batch)
        return kept

    def _shared(self, folder: str, filename: str, md5: str) -> str:
        """The object for a content in a folder of shared contents."""
        return posixpath.join(self._within(folder), stored_name(filename, md5))

    def _within(self, folder: str) -> str:
        """A folder of the bucket, relative to the URL, as the names of objects are."""
        return posixpath.relpath(f"/{folder.strip('/')}", f"/{self.basedir.strip('/')}")

    def _keep_resource(self, filename: str, md5: str) -> Any:
        name = self._shared(self.resource_dir, filename, md5)
        if not self._objects.present([name]):
            self._objects.upload(self.copies.get(filename, filename), name)
        self._facts = {}
        return [filename, posixpath.join(self.resource_dir, stored_name(filename, md5))]

    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        key = posixpath.join(self.dir or "", artifact.name)
        check_artifact_name(artifact.name, key)
        self._objects.upload(artifact.filename, self._name(artifact.name), artifact.content_type)
        self._facts = {
            "given": artifact.given,
            "path": artifact.filename,
            "md5": artifact.md5,
            "metadata": artifact.metadata,
            "content_type": artifact.content_type,
        }
        return artifact.name

    def _place_of(self, artifact: str) -> str:
        return self._objects.place(self._name(artifact))

    def save_file(self, filename: str, target_name: str | None = None) -> None:
        """Copy a file into the run's "directory"; ``target_name`` may have slashes.

        Raises:
            ArtifactNameError: (a ``FileExistsError``) if the store needs the name itself, or it leads out of the run.
        """
        self._entry()
        name = artifact_name(target_name or posixpath.basename(filename))
        check_artifact_name(name, name)
        self._objects.upload(filename, self._name(name))

    # ------------------------------------------------------------------------------------- metrics and output

    def _write_points(self, first: int, points: list[Points]) -> None:
        if first and not self._points_log.end:
            self._carry_over_points()
        self._points_log.write(first, [(sum(map(len, points)), points_lines(points))])

    def _carry_over_points(self) -> None:
        """Sacred keeps points in ``metrics.json`` only; they come before those that are added."""
        known = list(RunObjects(self._objects, self._run).read_points())
        self._points_log.write(0, [(sum(map(len, known)), points_lines(known))])

    def _write_output(self, position: int, data: bytes) -> None:
        if position and not self._output_log.end:
            known = RunObjects(self._objects, self._run).read_output(0, position)
            self._output_log.write(0, _chunks(known))
        self._output_log.write(position, _chunks(data))


def _chunks(data: bytes) -> list[tuple[int, bytes]]:
    pieces = (data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK))
    return [(len(piece), piece) for piece in pieces]


def _content_of(source: SourceFile) -> bytes | None:
    try:
        with open(source.filename, "rb") as file:
            return file.read()
    except OSError as error:
        _log.warning("the source file %s cannot be kept: %s", source.filename, error.strerror or error)
        return None


def _digest(content: bytes, source: SourceFile) -> str:
    from hashlib import md5

    digest = md5(content, usedforsecurity=False).hexdigest()
    if source.md5 and digest != source.md5:
        _log.warning("the source file %s was changed since it was found; the new content is kept", source.filename)
    return digest
