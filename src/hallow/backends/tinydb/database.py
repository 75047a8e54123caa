"""``metadata.json`` as a TinyDB: for programs that search it, and for Sacred's users."""

from __future__ import annotations

import json
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

from tinydb import TinyDB, where
from tinydb.storages import Storage
from tinydb.table import Table

from hallow.backends.tinydb.hashed import HashedFiles
from hallow.backends.tinydb.layout import METADATA
from hallow.backends.tinydb.lock import StoreLock
from hallow.backends.tinydb.parsing import read_metadata
from hallow.backends.tinydb.serializers import FileSerializer, written
from hallow.backends.tinydb.tags import FILE, VALUES, read_tags
from hallow.errors import RecordError
from hallow.records.jsonfile import replace_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["get_db_file_manager", "open_database", "path_of", "put_document"]


class MetadataStorage(Storage):
    """Reads and writes ``metadata.json``: values in place of tagged texts, the file replaced in one step.

    Args:
        root: folder of the store.
        fs: the contents of files.
        lock: of the store; by default one is made when something is written.
        before_reading: called before the file is read.
    """

    def __init__(
        self,
        root: str,
        fs: HashedFiles,
        lock: StoreLock | None = None,
        before_reading: Callable[[], None] | None = None,
    ) -> None:
        self.root = root
        self.path = os.path.join(root, METADATA)
        self._fs = fs
        self._lock = lock
        self._before_reading = before_reading

    @property
    def lock(self) -> StoreLock:
        """Held by whoever changes the file."""
        if self._lock is None:
            self._lock = StoreLock.of(self.root)
        return self._lock

    def read(self) -> dict[str, dict[str, Any]] | None:
        """All tables.

        Raises:
            RecordError: (a ValueError) if the file is damaged.
        """
        if self._before_reading is not None:
            self._before_reading()
        parsed = read_metadata(self.root)
        if parsed.problem:
            raise RecordError(f"{parsed.problem}; hallow.open_store('tinydb:{self.root}') lists those")
        found = read_tags({**parsed.others, "runs": parsed.runs}, {**VALUES, FILE: FileSerializer(self._fs).decode})
        return found if parsed.runs or parsed.others else None

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """Replace all tables."""
        text = json.dumps(written(data, self._fs))
        with self.lock.held():
            replace_file(self.path, text.encode("ascii"))


class LockedTable(Table):
    """A table that other processes write, too: nothing is remembered, and a change is one step."""

    def __init__(self, storage: Storage, name: str, cache_size: int = 0, **options: Any) -> None:
        super().__init__(storage, name, cache_size, **options)

    def _held(self) -> Any:
        lock = getattr(self.storage, "lock", None)
        return nullcontext() if lock is None else lock.held()

    def insert(self, document: Mapping[Any, Any]) -> int:
        """See :meth:`tinydb.table.Table.insert`."""
        with self._held():
            self._next_id = None
            return super().insert(document)

    def insert_multiple(self, documents: Iterable[Mapping[Any, Any]]) -> list[int]:
        """See :meth:`tinydb.table.Table.insert_multiple`."""
        with self._held():
            self._next_id = None
            return super().insert_multiple(documents)

    def _update_table(self, updater: Callable[[dict[int, Mapping[Any, Any]]], Any]) -> None:
        with self._held():
            super()._update_table(updater)


class MetadataDatabase(TinyDB):
    """A TinyDB of :class:`LockedTable`."""

    table_class: type[Table] = LockedTable


def open_database(
    root: str, fs: HashedFiles, lock: StoreLock | None = None, before_reading: Callable[[], None] | None = None
) -> TinyDB:
    """The TinyDB of a store; see :class:`MetadataStorage`."""
    return MetadataDatabase(root, fs, lock, before_reading, storage=MetadataStorage)


def get_db_file_manager(root_dir: str | os.PathLike[str]) -> tuple[TinyDB, HashedFiles]:
    """The TinyDB and the contents of files of a store."""
    root = os.path.abspath(os.fspath(root_dir))
    fs = HashedFiles(os.path.join(root, "hashfs"))
    return open_database(root, fs), fs


def path_of(db: Any) -> str | None:
    """The file of a TinyDB; ``None`` if it is not known to have one."""
    storage = getattr(db, "storage", None)
    for _ in range(10):  # as many layers of middleware
        if isinstance(storage, MetadataStorage):
            return storage.path
        handle = getattr(storage, "_handle", None)
        if handle is not None:
            return str(handle.name)
        storage = getattr(storage, "storage", None)
    return None


def put_document(db: Any, document: Mapping[str, Any]) -> None:
    """Write the document of a run by way of a TinyDB."""
    db.table("runs").upsert(dict(document), where("_id") == document["_id"])
