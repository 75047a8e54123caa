"""Copies of files and folders that must outlive what the user does with the originals."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress

from hallow.journal.rawfile import write_all

__all__ = ["copied"]

_CHUNK = 1 << 20
_AT_ONCE = 1 << 30


def copied(source: str, target: str, without: str) -> None:
    """Copy a file or a folder with its content, its times and its permissions; complete or not at all.

    File systems that can share blocks until one copy changes do so.

    Args:
        source: a regular file or a folder.
        target: must not exist; its folder must.
        without: a folder that is left out, should it lie in ``source``.

    Raises:
        OSError: if it cannot be read or written.
    """
    try:
        if os.path.isdir(source):
            _copy_folder(source, target, os.path.realpath(without))
        else:
            _copy_file(source, target)
    except BaseException:
        with suppress(OSError):
            _remove(target)
        raise


def _copy_folder(source: str, target: str, without: str) -> None:
    from shutil import copytree

    def ignored(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if os.path.realpath(os.path.join(folder, name)) == without]

    copytree(source, target, ignore=ignored, copy_function=_copy_file, ignore_dangling_symlinks=True)


def _copy_file(source: str, target: str) -> None:
    # Without waiting: opening a pipe would block until somebody writes into it.
    reading = os.open(source, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        status = os.fstat(reading)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "only files and folders can be kept", source)
        writing = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        try:
            _copy_content(reading, writing)
        finally:
            os.close(writing)
    finally:
        os.close(reading)
    with suppress(OSError):
        os.chmod(target, stat.S_IMODE(status.st_mode) | stat.S_IRUSR | stat.S_IWUSR)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _copy_content(reading: int, writing: int) -> None:
    copy = getattr(os, "copy_file_range", None)
    if copy is not None:
        with suppress(OSError):  # not between these file systems; both positions are where it stopped
            while copy(reading, writing, _AT_ONCE):
                pass
    while data := os.read(reading, _CHUNK):
        write_all(writing, data)


def _remove(path: str) -> None:
    if os.path.isdir(path):
        from shutil import rmtree

        rmtree(path)
    else:
        os.unlink(path)
