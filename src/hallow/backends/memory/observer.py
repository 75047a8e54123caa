"""The observer that keeps runs in memory."""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any

from hallow.backends.keeping import ArtifactFile, SourceFile, StoreObserver
from hallow.backends.memory.layout import MemoryRun
from hallow.backends.memory.store import MemoryStore
from hallow.records.record import RecordedFile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hallow.records.points import Points

__all__ = ["MemoryObserver"]

_log = logging.getLogger("hallow.store")


class MemoryObserver(StoreObserver):
    """Keeps runs in memory, for tests and notebooks; they are gone with the process.

    Args:
        store: where they are kept, by default a store of its own; :attr:`memory` has it.
        priority: see :class:`~hallow.observers.base.RunObserver`.

    Attributes:
        memory: the store.
    """

    VERSION = "MemoryObserver-1"

    def __init__(self, store: MemoryStore | None = None, priority: float = 0) -> None:
        super().__init__(priority)
        self.memory = MemoryStore() if store is None else store

    def __repr__(self) -> str:
        return f"MemoryObserver({self.memory!r})"

    __hash__ = StoreObserver.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MemoryObserver) and self.memory is other.memory

    def store(self) -> MemoryStore:
        """The store, for reading."""
        return self.memory

    # What is stored shares nothing with what comes later.

    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        return self.memory.add_run(run_id, MemoryRun(copy.deepcopy(document)))

    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        return self.memory.take_queued(run_id, copy.deepcopy(document))

    def _run(self) -> MemoryRun:
        return self.memory.run_of(self.run_id)

    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        document = self._run().document
        for key in removed:
            document.pop(key, None)
        document.update(copy.deepcopy(changes))

    def _add(self, field: str, entry: Any) -> None:
        self._run().document[field].append(entry)

    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        kept = []
        for source in sources:
            try:
                key = self.memory.keep(source.filename)
            except OSError as error:  # noqa: PERF203 - the other files are kept
                _log.warning("the source file %s cannot be kept: %s", source.filename, error.strerror or error)
            else:
                kept.append(RecordedFile(source.path, md5=key, path=source.filename, key=key))
        return kept

    def _source_path(self, entry: Any) -> str:
        return str(entry.name)

    def _keep_resource(self, filename: str, md5: str) -> Any:
        return RecordedFile(filename, md5=md5, path=filename, key=self.memory.keep(self.copies.get(filename, filename)))

    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        return RecordedFile(
            artifact.name,
            given=artifact.given,
            md5=artifact.md5,
            metadata=artifact.metadata,
            content_type=artifact.content_type,
            path=artifact.filename,
            key=self.memory.keep(artifact.filename),
        )

    def _write_points(self, first: int, points: list[Points]) -> None:
        batches = self._run().batches
        while batches and batches[-1][0] >= first:
            batches.pop()
        batches.append((first, copy.deepcopy(points)))

    def _write_output(self, position: int, data: bytes) -> None:
        self._run().output[position:] = data

    def _set_details(self, details: dict[str, Any]) -> None:
        self._run().details.update(copy.deepcopy(details))

    def _load(self, run_id: Any) -> dict[str, Any]:
        return copy.deepcopy(self.memory.run_of(run_id).document)
