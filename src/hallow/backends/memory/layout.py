"""What a store in memory keeps of one run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.records.record import RecordedFile

if TYPE_CHECKING:
    from hallow.records.points import Points

__all__ = ["MemoryRun"]


@dataclass
class MemoryRun:
    """One run.

    Attributes:
        document: see :class:`hallow.backends.keeping.StoreObserver`; lists of files hold :class:`RecordedFile`.
        details: JSON values by name.
        batches: points as they were logged, with the number of the first.
        output: UTF-8.
    """

    document: dict[str, Any]
    details: dict[str, Any] = field(default_factory=dict)
    batches: list[tuple[int, list[Points]]] = field(default_factory=list)
    output: bytearray = field(default_factory=bytearray)

    def files(self) -> list[RecordedFile]:
        """All files that the run refers to."""
        entries = [
            *(self.document.get("experiment") or {}).get("sources", ()),
            *self.document.get("resources", ()),
            *self.document.get("artifacts", ()),
        ]
        return [entry for entry in entries if isinstance(entry, RecordedFile)]
