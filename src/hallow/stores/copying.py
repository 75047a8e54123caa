"""Copying runs from one store to another, of whatever kinds they are."""

from __future__ import annotations

import os
from codecs import getincrementaldecoder
from dataclasses import dataclass
from importlib import import_module
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hallow.errors import RunExistsError, StoreError
from hallow.stores.base import Store
from hallow.stores.opening import opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from hallow.records.record import RecordedFile, RunRecord

__all__ = ["Copied", "copy_runs"]

# The detail that says where a copy comes from.
_ORIGIN = "copied_from"
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


def copy_runs(source: Any, target: Any, runs: Iterable[Any] | None = None) -> Iterator[Copied]:
    """Copy runs with everything that belongs to them: metrics, output, sources, resources, artifacts, details.

    A run keeps its id where that is free in the target. What was copied earlier is not copied again. Runs that are
    still going on, and those that cannot be read, are left.

    Args:
        source: path or URL of a store, or an opened one; see :func:`hallow.open_store`. It is only read.
        target: likewise, or an observer; what does not exist is made.
        runs: ids; default is all.

    Yields:
        what became of each run, as soon as that is known.

    Raises:
        StoreError: if a store cannot be reached, or the target not be written.
        RunNotFoundError: if one of ``runs`` is not there.
    """
    observer = _recording_into(target)
    known = dict(_known(observer))
    with opened(source) as reading:
        for record in reading.runs() if runs is None else map(reading.get, runs):
            yield _copied(record, observer, known)


def _recording_into(target: Any) -> Any:
    if isinstance(target, Store):
        return target.observer()
    if isinstance(target, str | os.PathLike):
        # By name, because readers and writers are neighbours that do not know each other.
        return import_module("hallow.observers").observer_for(target)
    return target


def _known(observer: Any) -> Iterator[tuple[str, Any]]:
    """Where the runs in the target were copied from, and their ids."""
    try:
        with observer.store() as store:
            for record in store.runs():
                yield str(_identity(record)), record.run_id
                yield str(_origin_of(record)), record.run_id
    except StoreError:  # there is no such store yet; if it is out of reach, the first run says so
        return


def _origin_of(record: RunRecord) -> list[Any]:
    """Of a copy of a copy, the first origin counts, so that a run on a round trip is known again."""
    origin = record.details.get(_ORIGIN)
    return origin if isinstance(origin, list) else _identity(record)


def _identity(record: RunRecord) -> list[Any]:
    return [record.store, str(record.run_id), str(record.start_time or record.queue_time)]


def _copied(record: RunRecord, observer: Any, known: dict[str, Any]) -> Copied:
    if record.problem:
        return Copied(record.run_id, None, "left", record.problem)
    if record.status == "RUNNING":
        return Copied(record.run_id, None, "left", "it is still going on")
    origin = str(_origin_of(record))
    if origin in known:
        return Copied(record.run_id, known[origin], "there")
    with TemporaryDirectory(prefix="hallow-copy-") as folder:
        copy = _Copy(record, observer, folder)
        new_id = known[origin] = copy.make()
    return Copied(record.run_id, new_id, "copied", "; ".join(copy.missing))


class _Copy:
    """One run on its way: its record is told to an observer as if it happened again."""

    def __init__(self, record: RunRecord, observer: Any, folder: str) -> None:
        self.record = record
        self.observer = observer
        self.missing: list[str] = []
        self._folder = folder
        self._count = 0

    def make(self) -> Any:
        """Tell everything; returns the id of the copy."""
        record, observer = self.record, self.observer
        observer.copies = {
            file.name: path for file in (*record.sources, *record.resources) for path in self._fetched(file)
        }
        new_id = self._begin()
        self._details()
        if record.status == "QUEUED":
            return new_id
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
            beat_time=_naive(self.record.heartbeat or self._last()),
            result=record.result,
        )
        self._end()
        observer.join()
        return new_id

    def _fetched(self, file: RecordedFile) -> Iterator[str]:
        """A copy of a file's content on this machine; nothing if the store does not have it."""
        self._count += 1
        path = os.path.join(self._folder, str(self._count), os.path.basename(file.name) or "file")
        os.makedirs(os.path.dirname(path))
        try:
            with file.open() as content, open(path, "wb") as writing:
                copyfileobj(content, writing)
        except FileNotFoundError as error:
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

    def _details(self) -> None:
        details = {name: value for name, value in self.record.details.items() if name not in ("owner", "times")}
        details[_ORIGIN] = _origin_of(self.record)
        self.observer.details_event(list(details.items()))

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
                self.observer.artifact_event(
                    name=file.given or file.name,
                    filename=path,
                    metadata=file.metadata,
                    content_type=file.content_type,
                )

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
    naive = known.astimezone(timezone.utc).replace(tzinfo=None)
    return naive if naive.microsecond else naive.replace(microsecond=1)
