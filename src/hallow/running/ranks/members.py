"""What the other ranks of a run log and print, as rank 0 takes it into the record."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hallow.records.points import Points

__all__ = ["Members"]


class Members:
    """Reads the journals of the members of a group.

    Args:
        folder: of the group; ``None`` has no members.
    """

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._read: dict[int, int] = {}

    def ranks(self) -> list[int]:
        """The ranks that have a journal by now."""
        names = _listed(self.folder)
        return sorted(int(name[5:]) for name in names if name.startswith("rank-") and name[5:].isdecimal())

    def collect(self) -> list[Points]:
        """What members logged since the last call, by rank, named ``<name>.rank<rank>``."""
        return [points for rank in self.ranks() for points in self._of(rank)]

    def _of(self, rank: int) -> list[Points]:
        from hallow.journal.reader import read_points
        from hallow.records.points import Points

        found = []
        for batch in read_points(self._journal(rank), self._read.get(rank, 0)):
            for points in batch:
                found.append(Points(f"{points.name}.rank{rank}", points.steps, points.values, points.times))
                self._read[rank] = self._read.get(rank, 0) + len(points.values)
        return found

    def outputs(self) -> dict[int, str]:
        """Rank to the file with all that it printed, of those that have printed something."""
        from hallow.journal.reader import output_path

        paths = {rank: output_path(self._journal(rank)) for rank in self.ranks()}
        return {rank: path for rank, path in paths.items() if _size(path)}

    def _journal(self, rank: int) -> str:
        return os.path.join(self.folder or "", f"rank-{rank}")


def _listed(folder: str | None) -> list[str]:
    try:
        return os.listdir(folder) if folder else []
    except OSError:
        return []


def _size(path: str) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0
