"""What file systems cannot do, or do in a way that matters to a mapped file."""

from __future__ import annotations

import os
import struct
from contextlib import suppress

__all__ = ["filesystem_type", "is_network", "overwrite_in_place"]

_NETWORK = (
    "9p afs beegfs ceph cifs fuse gfs gfs2 glusterfs gpfs lustre ncpfs nfs nfs4 ocfs2 orangefs panfs pvfs2 smb3 smbfs"
)

# From linux/fs.h, for programs of 64 bits.
_GET_FLAGS, _SET_FLAGS, _NO_COW = 0x80086601, 0x40086602, 0x00800000


def filesystem_type(folder: str) -> str | None:
    """The type of the file system that ``folder`` lies on, for those without a device of their own.

    Network file systems are among them, so the list of mounts need not be read for others. ``None`` for others, and
    where the system does not tell.
    """
    try:
        if os.major(os.stat(folder).st_dev) != 0:
            return None
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return mounted(file.read(), os.path.realpath(folder))
    except (OSError, AttributeError, IndexError):
        return None


def mounted(mountinfo: str, folder: str) -> str | None:
    """The type of the last file system that is mounted on the longest path above ``folder``."""
    best, kind = -1, None
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split(" ")[4]
        for escaped, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
            point = point.replace(escaped, char)
        inside = folder == point or folder.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= best:
            best, kind = len(point), after.split(" ")[0]
    return kind


def is_network(kind: str) -> bool:
    """Whether a mapped file there may be late, or fail when the network does."""
    return kind in _NETWORK.split() or kind.startswith("fuse.")


def overwrite_in_place(file: int) -> None:
    """Ask btrfs to write over the blocks of a new file, not to copy them.

    A copy needs space, and if there is none, writing to mapped memory kills the process.
    """
    with suppress(OSError, ImportError):
        import fcntl

        flags = struct.unpack("q", fcntl.ioctl(file, _GET_FLAGS, bytes(8)))[0]
        fcntl.ioctl(file, _SET_FLAGS, struct.pack("q", flags | _NO_COW))
