"""Copying runs from one store to another, of whatever kinds they are."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hallow.errors import ArtifactNameError, RecordError, RunExistsError, RunNotFoundError, StoreError
from hallow.records.points import with_fraction
from hallow.stores.base import Store
from hallow.stores.metrics import several
from hallow.stores.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["Copied", "copy_runs"]

# The detail that says where a copy comes from; while it is made, that stands under a key of its own in it, so that
# a copy whose making was killed is known as such.
_ORIGIN, _UNFINISHED = "copied_from", "unfinished"
# Bytes of output in one event.
_PIECE = 1 << 20


@dataclass(frozen=True)
class Copied:
    """What became of one run.

    Attributes:
        run_id: in the source.
        new_id: in the target; ``None`` if it was not copied.
        state: ``"copied"``, ``"there"`` (copied earlier), or ``"left"``.
        reason: why it was left, or what of it could not be copied.
    """

    run_id: Any
    new_id: Any
    state: str
    reason: str = ""


def copy_runs(source: Any, target: Any, runs: Any = None) -> Iterator[Copied]:
    """Copy runs with everything that belongs to them: metrics, output, sources, resources, artifacts, details.

    A run keeps its id where that is free in the target. What was copied earlier is not copied again; what was copied
    in part, because copying was stopped, is replaced. Runs that are still going on, and those that cannot be read, are
    left. One process at a time may copy into a store.

    Args:
        source: path or URL of a store, or an opened one; see :func:`hallow.open_store`. It is only read.
        target: likewise, or an observer that keeps a store; what does not exist is made.
        runs: id of a run, or ids of several; default is all.

    Yields:
        what became of each run, as soon as that is known.

    Raises:
        StoreError: if a store cannot be reached, or the target not be written.
        RunNotFoundError: if one of ``runs`` is not there.
    """
    observer = _recording_into(target)
    there = _There.of(observer)
    with opened(source) as reading:
        for record in reading.runs() if runs is None else map(reading.get, several(runs)):
            yield _copied(record, observer, there)


def _recording_into(target: Any) -> Any:
    if isinstance(target, Store):
        return target.observer()
    if isinstance(target, str | os.PathLike):
        # By name, because readers and writers are neighbours that do not know each other.
        return import_module("hallow.observers").observer_for(target)
    if not hasattr(type(target), "store"):
        raise StoreError(f"{target!r:.80} keeps no store that runs could be copied into; give a path, a URL or a store")
    return target


@dataclass
class _There:
    """What the target has already, by where it came from.

    Attributes:
        whole: ids of its runs.
        unfinished: ids of runs whose copying was killed.
    """

    whole: dict[str, Any] = field(default_factory=dict)
    unfinished: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, observer: Any) -> _There:
        found = cls()
        with suppress(OSError), observer.store() as store:  # if it is out of reach, the first run says so
            for record in store.runs():
                found._add(record)
        return found

    def _add(self, record: RunRecord) -> None:
        try:
            origin = record.details.get(_ORIGIN)
        except RecordError:  # a damaged run is no copy of anything
            return
        if isinstance(origin, dict):
            self.unfinished[str(origin.get(_UNFINISHED))] = record.run_id
        else:
            self.whole[str(_identity(record))] = self.whole[str(_origin_of(record))] = record.run_id


def _origin_of(record: RunRecord) -> list[Any]:
    """Of a copy of a copy, the first origin counts, so that a run on a round trip is known again."""
    origin = record.details.get(_ORIGIN)
    return origin if isinstance(origin, list) else _identity(record)


def _identity(record: RunRecord) -> list[Any]:
    return [record.store, str(record.run_id), str(record.start_time or record.queue_time)]


def _copied(record: RunRecord, observer: Any, there: _There) -> Copied:
    if record.problem:
        return Copied(record.run_id, None, "left", record.problem)
    if record.status == "RUNNING":
        return Copied(record.run_id, None, "left", "it is still going on")
    try:
        return _copied_once(record, observer, there)
    except RecordError as error:
        return Copied(record.run_id, None, "left", str(error))


def _copied_once(record: RunRecord, observer: Any, there: _There) -> Copied:
    origin = str(_origin_of(record))
    if origin in there.whole:
        return Copied(record.run_id, there.whole[origin], "there")
    if origin in there.unfinished:
        _remove(observer, there.unfinished.pop(origin))
    with TemporaryDirectory(prefix="hallow-copy-") as folder:
        copy = _Copy(record, observer, folder)
        new_id = there.whole[origin] = copy.make()
    return Copied(record.run_id, new_id, "copied", "; ".join(copy.missing))


def _remove(observer: Any, run_id: Any) -> None:
    with observer.store() as store, suppress(RunNotFoundError):
        store.delete(run_id)


class _Copy:
    """One run on its way: its record is told to an observer as if it happened again."""

    def __init__(self, record: RunRecord, observer: Any, folder: str) -> None:
        self.record = record
        self.observer = observer
        self.missing: list[str] = []
        self._folder = folder
        self._count = 0

    def make(self) -> Any:
        """Tell everything; returns the id of the copy. When something is raised on the way, nothing of it stays."""
        observer = self.observer
        files = (*self.record.sources, *self.record.resources)
        before = observer.copies
        observer.copies = {file.name: path for file in files for path in self._fetched(file)}
        try:
            new_id = self._begin()
            try:
                self._fill()
            except BaseException:
                with suppress(Exception):  # what went wrong is of more interest
                    observer.discard()
                raise
        finally:
            observer.copies = before
        return new_id

    def _fill(self) -> None:
        origin = _origin_of(self.record)
        if self.record.status == "QUEUED":
            self._details(origin)
            return
        self._details({_UNFINISHED: origin})
        self._contents()
        self.observer.details_event([(_ORIGIN, origin)])
        self._end()
        self.observer.join()

    def _contents(self) -> None:
        record, observer = self.record, self.observer
        for points in record.contents.read_points():
            observer.points_event(points=[points])
        self._output()
        for file in record.resources:
            if file.name in observer.copies:
                observer.resource_event(filename=file.name)
        self._artifacts()
        observer.heartbeat_event(
            info=record.info,
            captured_out=None,
            beat_time=_naive(record.heartbeat or self._last()),
            result=record.result,
        )

    def _fetched(self, file: RecordedFile) -> Iterator[str]:
        """A copy of a file's content on this machine; nothing if the store does not have it."""
        self._count += 1
        path = os.path.join(self._folder, str(self._count), os.path.basename(file.name) or "file")
        os.makedirs(os.path.dirname(path))
        try:
            with file.open() as content, open(path, "wb") as writing:
                copyfileobj(content, writing)
        except (FileNotFoundError, PermissionError) as error:
            self.missing.append(str(error))
        else:
            yield path

    def _begin(self) -> Any:
        record = self.record
        given = int(record.run_id) if str(record.run_id).isdecimal() else record.run_id
        for run_id in (given, None):
            try:
                return self._started(run_id)
            except RunExistsError:  # noqa: PERF203 - two rounds
                if run_id is None:
                    raise
        raise AssertionError("unreachable")

    def _started(self, run_id: Any) -> Any:
        record = self.record
        queued = record.status == "QUEUED"
        moment = _naive(record.queue_time if queued else record.start_time or self._last())
        facts = {
            "ex_info": {
                **record.experiment,
                "sources": [(file.name, file.md5) for file in record.sources if file.name in self.observer.copies],
                "dependencies": record.dependencies,
                "repositories": record.repositories,
            },
            "command": record.command,
            "host_info": record.host,
            "config": record.config,
            "meta_info": record.meta,
            "_id": run_id,
        }
        if queued:
            return self.observer.queued_event(**facts, queue_time=moment)
        return self.observer.started_event(**facts, start_time=moment)

    def _details(self, origin: Any) -> None:
        details = {name: value for name, value in self.record.details.items() if name not in ("owner", "times")}
        self.observer.details_event([*details.items(), (_ORIGIN, origin)])

    def _output(self) -> None:
        contents = self.record.contents
        size, position = contents.output_size(), 0
        decoder = getincrementaldecoder("utf-8")("replace")  # a piece may end within a character
        for start in range(0, size, _PIECE):
            stop = min(start + _PIECE, size)
            text = decoder.decode(contents.read_output(start, stop), final=stop == size)
            self.observer.output_event(text=text, position=position)
            position += len(text.encode())

    def _artifacts(self) -> None:
        for file in self.record.artifacts:
            for path in self._fetched(file):
                facts = {"metadata": file.metadata, "content_type": file.content_type}
                try:
                    self.observer.artifact_event(name=file.given or file.name, filename=path, **facts)
                except ArtifactNameError as error:  # the source took a name that the target needs itself
                    self.missing.append(str(error))

    def _last(self) -> datetime | None:
        record = self.record
        return record.stop_time or record.heartbeat or record.start_time or record.queue_time

    def _end(self) -> None:
        record, when = self.record, _naive(self._last())
        if record.status == "COMPLETED":
            self.observer.completed_event(stop_time=when, result=record.result)
        elif record.status == "FAILED":
            self.observer.failed_event(fail_time=when, fail_trace=record.fail_trace)
        else:
            self.observer.interrupted_event(interrupt_time=when, status=record.status)


def _naive(when: datetime | None) -> datetime:
    """As observers are told times."""
    from datetime import datetime as moment
    from datetime import timezone

    known = when or moment.fromtimestamp(0, timezone.utc)
    return with_fraction(known.astimezone(timezone.utc).replace(tzinfo=None))
