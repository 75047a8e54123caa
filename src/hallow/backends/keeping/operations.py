"""What a back-end supplies, and the state of the run that its observer records."""

from __future__ import annotations

import os
from abc import abstractmethod
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hallow.errors import RunStateError
from hallow.observers.perrun import RecordPerRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hallow.backends.keeping.files import ArtifactFile, SourceFile
    from hallow.records.points import Points
    from hallow.stores.base import Store

__all__ = ["StoreOperations"]


class StoreOperations(RecordPerRun):
    """The part of the observer of a store that each back-end has its own way for; the events are in ``observer.py``."""

    VERSION = "StoreObserver"

    def __init__(self, priority: float = 0) -> None:
        self.priority = priority
        #: Path of a source or resource -> the file to read it from, when the original may have changed since.
        self.copies: dict[str, str] = {}
        self._reset()

    # ------------------------------------------------------------------------- what a back-end supplies

    @abstractmethod
    def store(self) -> Store:
        """The store, for reading."""

    @abstractmethod
    def _new_run(self, run_id: Any, document: dict[str, Any]) -> Any:
        """Store the document of a new run under an id, or under the next free one; returns the id.

        The id is unique under any number of simultaneous starts, and finding one costs no scan of the store.

        Raises:
            RunExistsError: if there is a run of that id.
        """

    @abstractmethod
    def _take_queued(self, run_id: Any, document: dict[str, Any]) -> Any:
        """Give a queued run this document, if nobody else does; returns its id as stored, ``None`` if it is not queued.

        Fields that others have added to the stored document stay.
        """

    @abstractmethod
    def _update(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        """Replace these fields of the document, and leave all others of the stored document alone.

        ``run_entry`` has the changes already.
        """

    @abstractmethod
    def _add(self, field: str, entry: Any) -> None:
        """Append to ``resources`` or ``artifacts`` of the document; ``run_entry`` has the entry already."""

    @abstractmethod
    def _keep_sources(self, sources: Sequence[SourceFile]) -> list[Any]:
        """Keep files by their content, each content once in the store; gives their entries in the document.

        A file that cannot be read is left out with a warning.
        """

    @abstractmethod
    def _keep_resource(self, filename: str, md5: str) -> Any:
        """Keep a file by its content, each content once in the store; gives its entry in the document."""

    @abstractmethod
    def _keep_artifact(self, artifact: ArtifactFile) -> Any:
        """Keep a file of the run; gives its entry in the document."""

    @abstractmethod
    def _write_points(self, first: int, points: list[Points]) -> None:
        """Store points, the first of which has this number within the run.

        Whatever is stored from that number on is replaced; what is stored is always the beginning of what was logged.
        """

    @abstractmethod
    def _write_output(self, position: int, data: bytes) -> None:
        """Replace everything of the output after ``position`` bytes."""

    @abstractmethod
    def _set_details(self, details: dict[str, Any]) -> None:
        """Replace details, which are JSON values, in one step."""

    @abstractmethod
    def _load(self, run_id: Any) -> dict[str, Any]:
        """The document of a run, as :meth:`_update` goes on with it."""

    # ----------------------------------------------------------------------------------- state of a run

    def _reset(self) -> None:
        self.run_entry: dict[str, Any] | None = None
        self.run_id: Any = None
        self.info: dict[str, Any] = {}
        self.config: Any = None
        self._base_dir = os.curdir
        # Changes that are not stored yet, because an earlier attempt failed, or the final event brings them.
        self._pending: dict[str, Any] = {}
        self._info_text = "{}"
        self._points = 0
        self._output = 0
        self._text = ""
        self._artifact_md5s: dict[str, str] = {}

    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def _entry(self) -> dict[str, Any]:
        """The document of the run.

        Raises:
            RunStateError: if none was started; so that nothing is ever written to somebody else's run.
        """
        if self.run_entry is None:
            raise RunStateError(f"{self} records no run: none was started")
        return self.run_entry

    @contextmanager
    def _beginning(self) -> Iterator[None]:
        """Whatever fails in the body leaves nothing that later events could write to."""
        self._reset()
        try:
            yield
        except BaseException:
            self._reset()
            self._taken = False
            raise

    def _took(self, run_id: Any, document: dict[str, Any], config: Any) -> None:
        self.run_id, self.run_entry, self.config = run_id, document, config

    def _save(self, changes: dict[str, Any], removed: Sequence[str] = ()) -> None:
        """Change the document; what does not arrive is sent again with the next change."""
        entry = self._entry()
        # There is a result from the first beat on; as long as it is none, it need not be said again.
        known = entry.get("result", changes) is None
        new = {key: value for key, value in changes.items() if not (key == "result" and value is None and known)}
        for key in removed:
            entry.pop(key, None)
        entry.update(new)
        self._pending.update(new)
        if self._ending and "info" not in changes:
            return
        self._update(dict(self._pending), removed)
        self._pending.clear()
