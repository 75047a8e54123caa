"""Appending to a file so that its earlier content is never at risk."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from errno import ENOSPC

__all__ = ["append", "replace_tail"]


def append(path: str, data: bytes) -> int:
    """Append all of ``data`` in one write or nothing; gives the size of the file before.

    Folders that are missing are made.

    Raises:
        OSError: if not all of it can be written.
    """
    try:
        return _append(path, data)
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return _append(path, data)


def _append(path: str, data: bytes) -> int:
    with open(path, "ab", buffering=0) as file:
        size = file.tell()
        written = 0
        try:
            written = file.write(data)
        finally:
            if written != len(data):
                file.truncate(size)
        if written != len(data):
            raise OSError(ENOSPC, "only a part could be written", path)
        return size


def replace_tail(path: str, position: int, data: bytes) -> None:
    """Make ``data`` what follows the first ``position`` bytes of a file.

    Raises:
        OSError: if not all of it can be written; the file then ends at ``position``.
    """
    try:
        file = open(path, "r+b", buffering=0)  # noqa: SIM115 - may be missing
    except FileNotFoundError:
        file = open(path, "w+b", buffering=0)  # noqa: SIM115
    with file:
        start = min(position, file.seek(0, os.SEEK_END))
        file.truncate(start)
        file.seek(start)
        try:
            written = 0
            while written < len(data):
                written += file.write(data[written:]) or 0
        except OSError:
            file.truncate(start)
            raise
