"""What became of the values that were fixed before a config source was evaluated."""

from __future__ import annotations

from typing import Any

from hallow.config.values import is_different, plain_copy, plain_type, type_changed


class Changes:
    """What happened at the fixed paths: which were assigned, and how the assigned value differs from the fixed one."""

    __slots__ = ("assigned", "before", "modified", "typechanged")

    def __init__(self) -> None:
        self.assigned: set[str] = set()
        self.modified: set[str] = set()
        self.typechanged: dict[str, tuple[type, type]] = {}
        self.before: dict[str, Any] = {}

    def note(self, path: str, assigned: Any, fixed: Any) -> None:
        """Remember that a fixed value won over an assigned one; the last assignment to a path counts."""
        self.forget(path)
        self.assigned.add(path)
        self.before[path] = plain_copy(assigned)
        if type_changed(assigned, fixed):
            self.typechanged[path] = (plain_type(assigned), plain_type(fixed))
        elif is_different(assigned, fixed):
            self.modified.add(path)

    def forget(self, path: str) -> None:
        """Drop what is known of a path and of those below it."""
        below = path + "."
        for known in (self.assigned, self.modified, self.typechanged, self.before):
            for other in [p for p in known if p == path or p.startswith(below)]:
                known.pop(other) if isinstance(known, dict) else known.discard(other)
