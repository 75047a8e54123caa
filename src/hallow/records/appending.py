"""Files that grow, whose earlier content is never at risk."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from errno import ENOSPC

__all__ = ["append", "append_line", "replace_tail"]


def append(path: str, data: bytes, make_folder: bool = False) -> int:
    """Append all of ``data`` in one write or nothing; gives the size of the file before, which is made if need be.

    Args:
        path: of the file.
        data: to append.
        make_folder: whether missing folders are made, too.

    Raises:
        OSError: if not all of it can be written.
    """
    try:
        return _append(path, data)
    except FileNotFoundError:
        if not make_folder:
            raise
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


def append_line(path: str, data: bytes) -> None:
    """Append a line; one that somebody else left unfinished stays a line of its own.

    Raises:
        OSError: if not all of it can be written.
    """
    append(path, (b"" if _ends_a_line(path) else b"\n") + data + b"\n")


def _ends_a_line(path: str) -> bool:
    try:
        with open(path, "rb", buffering=0) as file:
            if file.seek(0, os.SEEK_END) == 0:
                return True
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
    except FileNotFoundError:
        return True


def replace_tail(path: str, position: int, data: bytes) -> None:
    """Make ``data`` what follows the first ``position`` bytes; the file is made if need be, its folder is not.

    Raises:
        OSError: if not all of it can be written; the file then ends at ``position``.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
    with open(descriptor, "r+b", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        start = min(position, size)
        if start < size:
            file.truncate(start)
        file.seek(start)
        try:
            written = 0
            while written < len(data):
                written += file.write(data[written:]) or 0
        except OSError:
            file.truncate(start)
            raise
