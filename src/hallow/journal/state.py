"""The state of a run at its last beat, in a file that is never torn."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from zlib import crc32

from hallow.journal.layout import SLOT, SLOT_SIZE
from hallow.journal.lines import line_of
from hallow.journal.rawfile import UPDATING, read_range, write_all
from hallow.records.encoding import untag_nonfinite

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["StateFile"]


class StateFile:
    """Two slots that are written in turn, so that one of them is whole at every moment.

    Args:
        path: of the file; made by the first write.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._sequence: int | None = None
        self._detached = False

    def write(self, state: Mapping[str, Any]) -> None:
        """Replace the state; after :meth:`detach`, do nothing.

        Raises:
            OSError: if it cannot be written; the state before it is kept.
            ValueError: if it is longer than a slot.
        """
        if self._detached:
            return
        text = line_of(state)[:-1]
        if len(text) > SLOT_SIZE - SLOT.size:
            raise ValueError(f"a state of {len(text)} bytes does not fit into {SLOT_SIZE - SLOT.size}")
        if self._sequence is None:
            self._sequence = max((number for number, _ in _slots(self.path)), default=0)
        sequence = self._sequence + 1
        slot = (SLOT.pack(sequence, len(text), _sum(sequence, text)) + text).ljust(SLOT_SIZE, b"\0")
        file = os.open(self.path, UPDATING, 0o666)
        try:
            if os.fstat(file).st_size < 2 * SLOT_SIZE:
                # Space for both from the start: a disk that fills up later does not matter.
                write_all(file, bytes(2 * SLOT_SIZE))
            os.lseek(file, sequence % 2 * SLOT_SIZE, os.SEEK_SET)
            write_all(file, slot)
        finally:
            os.close(file)
        self._sequence = sequence

    def read(self) -> dict[str, Any] | None:
        """The newest state that is whole; ``None`` if there is none."""
        return self.read_from(self.path)

    @staticmethod
    def read_from(path: str) -> dict[str, Any] | None:
        """The newest whole state in the file ``path``; ``None`` if there is none or no file."""
        for _, text in sorted(_slots(path), reverse=True):
            try:
                state = json.loads(text)
            except (ValueError, RecursionError):
                continue
            if isinstance(state, dict):
                return dict(untag_nonfinite(state))
        return None

    def detach(self) -> None:
        """In a child made by fork: never write again."""
        self._detached = True


def _sum(sequence: int, text: bytes) -> int:
    return crc32(text, crc32(SLOT.pack(sequence, len(text), 0)))


def _slots(path: str) -> list[tuple[int, bytes]]:
    """Sequence number and text of each slot that is whole."""
    found = []
    data = read_range(path, 0, 2 * SLOT_SIZE)
    for start in (0, SLOT_SIZE):
        slot = data[start : start + SLOT_SIZE]
        if len(slot) < SLOT.size:
            continue
        sequence, length, checksum = SLOT.unpack_from(slot)
        text = slot[SLOT.size : SLOT.size + length]
        if sequence and len(text) == length and _sum(sequence, text) == checksum:
            found.append((sequence, text))
    return found
