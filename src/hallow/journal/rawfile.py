"""Small helpers for files that are opened for one write or one read.

Opened each time, because a descriptor that is kept may belong to something else by the next time: programs close
all descriptors they do not know when they become daemons.
"""

from __future__ import annotations

import os

__all__ = ["APPENDING", "UPDATING", "read_range", "size_of", "write_all"]

_BINARY = getattr(os, "O_BINARY", 0)
APPENDING = os.O_RDWR | os.O_CREAT | os.O_APPEND | _BINARY
UPDATING = os.O_RDWR | os.O_CREAT | _BINARY


def write_all(file: int, data: bytes | bytearray | memoryview) -> None:
    """Write all of ``data``, in one call unless the system takes only a part.

    Raises:
        OSError: if that fails; a part may be written.
    """
    written = os.write(file, data)
    while written < len(data):
        written += os.write(file, data[written:])


def read_range(path: str, start: int, size: int) -> bytes:
    """Up to ``size`` bytes from ``start`` on; less, or none, if the file is shorter, missing or unreadable."""
    try:
        with open(path, "rb", buffering=0) as file:
            file.seek(start)
            parts = []
            while size > 0:
                part = file.read(size)
                if not part:
                    break
                parts.append(part)
                size -= len(part)
    except OSError:
        return b""
    return parts[0] if len(parts) == 1 else b"".join(parts)


def size_of(path: str) -> int:
    """The size of a file; 0 without one."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0
