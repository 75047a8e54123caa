"""Appending to a file so that its earlier content is never at risk."""

# os.path, because this runs at every start and pathlib costs several times as much.
# ruff: noqa: PTH103, PTH120, PTH123

from __future__ import annotations

import os
from errno import ENOSPC

__all__ = ["append"]


def append(path: str, data: bytes) -> int:
    """Append all of ``data`` in one write or nothing; gives the size of the file before.

    Folders that are missing are made.

    Raises:
        OSError: if not all of it can be written.
    """
    try:
        file = open(path, "ab", buffering=0)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        file = open(path, "ab", buffering=0)
    with file:
        size = file.tell()
        try:
            if file.write(data) != len(data):
                raise OSError(ENOSPC, "only a part could be written", path)
        except OSError:
            file.truncate(size)
            raise
    return size
