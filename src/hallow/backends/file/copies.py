"""Copying files into a store: complete or not at all."""

# os.path, because this runs at every start and pathlib costs several times as much.

from __future__ import annotations

import os
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING

from hallow.backends.file.layout import stored_name
from hallow.provenance.sources import MB, get_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["copy_file", "copy_folder", "copy_version", "keep_content"]

_numbers = count()
#: Bytes that the system copies in one call.
_AT_ONCE = 1 << 27


def copy_file(source: str, target: str) -> None:
    """Copy the content; ``target`` is replaced in one step. A file onto itself is left alone."""
    if os.path.exists(target) and os.path.samefile(source, target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    temporary = _temporary(target)
    try:
        _copy_content(source, temporary)
        os.replace(temporary, target)
    except BaseException:
        _remove(temporary)
        raise


def _temporary(target: str) -> str:
    folder, name = os.path.split(target)
    # The dot hides it from those who list the folder meanwhile.
    return os.path.join(folder, f".{name[:200]}.{os.getpid()}-{next(_numbers)}.tmp")


def _copy_content(source: str, target: str) -> None:
    if os.path.getsize(source) > MB:
        _copy_large(source, target)
    else:
        with open(source, "rb") as reading:
            content = reading.read()
        with open(target, "wb") as writing:
            writing.write(content)


def _copy_large(source: str, target: str) -> None:
    """Have the system copy; file systems that can share blocks until one copy changes do so."""
    if not _copied_at_once(source, target):
        from shutil import copyfile

        copyfile(source, target)


def _copied_at_once(source: str, target: str) -> bool:
    copy = getattr(os, "copy_file_range", None)
    if copy is None:
        return False
    with open(source, "rb", buffering=0) as reading, open(target, "wb", buffering=0) as writing:
        size = os.fstat(reading.fileno()).st_size
        with suppress(OSError):  # not between these file systems; what else it was, the second attempt meets as well
            while copy(reading.fileno(), writing.fileno(), _AT_ONCE):
                pass
        return writing.tell() >= size


def _remove(path: str) -> None:
    with suppress(OSError):
        os.unlink(path)


def keep_content(source: str, folder: str, digest: str | None = None) -> tuple[str, str]:
    """Keep a file in a content-addressed folder, once; returns its path there and its MD5.

    Args:
        source: the file.
        folder: is made if need be.
        digest: the MD5 that the content should have; another one is stored under its own name.

    Raises:
        OSError: if the file cannot be read or the copy not be written.
    """
    if digest:
        known = os.path.join(folder, stored_name(source, digest))
        if os.path.exists(known):
            return known, digest
    actual = get_digest(source)
    target = os.path.join(folder, stored_name(source, actual))
    if not os.path.exists(target):
        copy_file(source, target)
    return target, actual


def copy_version(source: str, folder: str, name: str) -> str:
    """Copy a file or folder to ``name``, or to a version of it if there is other content; gives the name."""
    from hallow.records.names import versions

    is_folder = os.path.isdir(source)
    for version in versions(name):
        target = os.path.join(folder, version)
        if not os.path.lexists(target):
            if is_folder:
                copy_folder(source, target, skip=[os.path.dirname(folder)])
            else:
                copy_file(source, target)
            return version
        if _same(source, target, is_folder):
            return version
    raise AssertionError("unreachable")


def _same(source: str, target: str, is_folder: bool) -> bool:
    if not os.path.exists(target):
        return False
    if os.path.samefile(source, target):
        return True
    if is_folder or os.path.isdir(target):
        return False
    return os.path.getsize(source) == os.path.getsize(target) and get_digest(source) == get_digest(target)


def copy_folder(source: str, target: str, skip: Iterable[str] = ()) -> None:
    """Copy a folder with its content, except the folders in ``skip`` (the store itself may lie in it)."""
    from shutil import copytree

    left_out = {os.path.realpath(path) for path in skip}

    def ignore(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if os.path.realpath(os.path.join(folder, name)) in left_out]

    os.makedirs(os.path.dirname(target), exist_ok=True)
    copytree(source, target, ignore=ignore, ignore_dangling_symlinks=True)
