"""The numbers of runs in the order in which they were started."""

from __future__ import annotations

import os
from typing import Any

from hallow.backends.tinydb.layout import OWN, from_json, name_of, to_json
from hallow.records.appending import append_line

__all__ = ["StartedRuns"]

_TAIL = 1 << 12  # bytes in which the last line is looked for first


class StartedRuns:
    """The file ``started.jsonl``, which has one line for each run that hallow recorded.

    Args:
        root: folder of the store.
    """

    def __init__(self, root: str) -> None:
        self.path = os.path.join(root, OWN, "started.jsonl")

    def add(self, number: int, run_id: Any) -> None:
        """Note a run; only the one who has the lock of the store may.

        Raises:
            OSError: if that is not possible.
        """
        plain = run_id if isinstance(run_id, int | str) else str(run_id)
        append_line(self.path, to_json({"number": number, "id": plain}).encode("ascii"))

    def last(self) -> int:
        """The number of the run that was started last; 0 if there is none."""
        try:
            with open(self.path, "rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - _TAIL))
                lines = file.read().split(b"\n")
        except FileNotFoundError:
            return 0
        for line in reversed(lines):
            for number, _ in _entries([line]):
                return number
        return max(self.numbers().values(), default=0)

    def runs(self) -> dict[str, tuple[int, Any]]:
        """Number and id of each run, by the name of its folder; of runs that were deleted, too."""
        try:
            with open(self.path, "rb") as file:
                entries = _entries(file.read().split(b"\n"))
        except OSError:
            return {}
        return {name_of(run_id): (number, run_id) for number, run_id in entries}

    def numbers(self) -> dict[str, int]:
        """The number of each run, by the name of its folder; of runs that were deleted, too."""
        return {name: number for name, (number, _) in self.runs().items()}


def _entries(lines: list[bytes]) -> list[tuple[int, Any]]:
    """What the lines say that make sense; some may be cut."""
    found = []
    for line in lines:
        try:
            entry = from_json(line)
            found.append((int(entry["number"]), entry["id"]))
        except (ValueError, TypeError, KeyError, RecursionError, OverflowError):  # noqa: PERF203 - the others count
            continue
    return found
