"""The output of a run whose process is gone, as it is to be stored."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hallow.journal.layout import OUTPUT, TEXT
from hallow.running.growing import CHUNK
from hallow.running.merging import resume_merge
from hallow.running.output import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hallow.journal.journal import Journal

__all__ = ["leftover_text"]


class _Kept:
    """Bytes in a file that nobody writes to any more; with ``text``, those of another file come first."""

    def __init__(self, path: str, size: int, text: str = "", taken: int = 0) -> None:
        self._parts = [(text, 0, _size(text)), (path, taken, max(taken, size))]

    @property
    def size(self) -> int:
        return sum(end - start for _, start, end in self._parts)

    def pull(self, everything: bool = False) -> None:
        """There is nothing more."""

    def read(self, start: int, limit: int) -> bytes:
        for path, begin, end in self._parts:
            if start < end - begin:
                with open(path, "rb") as file:
                    file.seek(begin + start)
                    return file.read(min(limit, end - begin - start))
            start -= end - begin
        return b""


def leftover_text(journal: Journal) -> Iterator[tuple[int, str]]:
    """The text in pieces, each with its position in bytes of UTF-8 from the beginning of the output.

    It is made again from what was printed, so that it does not matter how much was stored before. Only what the user's
    filter has made of it cannot be made again: there, what the filter gave comes first, and what it has not seen
    follows as it is.

    Raises:
        OSError: if the files cannot be read.
    """
    how = journal.header["output"]
    state = journal.state.read() or {}
    size = resume_merge(journal.folder, state.get("raw"))
    raw = _Kept(journal.path(OUTPUT), size)
    if how.get("filtered"):
        taken = (state.get("output") or {}).get("raw") or 0
        raw = _Kept(journal.path(OUTPUT), size, journal.path(TEXT), min(taken, size))
    output = Output(raw, None, fold=bool(how.get("fold")), cap=how.get("cap") or None)
    output.advance(final=True)
    cursor = output.cursor()
    while output.behind(cursor):
        position, text, end = output.read(cursor, CHUNK)
        yield position, text
        cursor.move(end)
    output.close()


def _size(path: str) -> int:
    try:
        return os.path.getsize(path) if path else 0
    except OSError:
        return 0
