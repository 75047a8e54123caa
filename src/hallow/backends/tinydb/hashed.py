"""Contents of files, each once, in the folders of HashFS: ``ab/cd/ef/REST`` by MD5."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from hashlib import md5
from itertools import count
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Address", "HashedFiles", "is_digest"]

_PIECE = 1 << 20  # bytes
_numbers = count()


class Address(NamedTuple):
    """Where a content is.

    Attributes:
        id: its MD5 in hex.
        relpath: path relative to the folder of all contents.
        abspath: absolute path.
        is_duplicate: whether it was there already.
    """

    id: str
    relpath: str
    abspath: str
    is_duplicate: bool = False


class HashedFiles:
    """Contents of files by their MD5; has the methods of ``hashfs.HashFS`` that are in use.

    Args:
        root: the folder; it is made when the first content comes.
        depth: how many folders there are one inside the other.
        width: how many digits each of their names has.

    Attributes:
        root: absolute path.
        algorithm: ``"md5"``.
    """

    algorithm = "md5"

    def __init__(self, root: str, depth: int = 3, width: int = 2) -> None:
        self.root = os.path.abspath(root)
        self.depth = depth
        self.width = width

    def __repr__(self) -> str:
        return f"HashedFiles({self.root!r})"

    def put(self, file: Any, extension: str | None = None) -> Address:
        """Keep a content.

        Args:
            file: a path, or a file opened for reading in binary mode.
            extension: is not used; contents have no names.

        Raises:
            OSError: if the file cannot be read.
            StoreError: (an OSError) if the copy cannot be written.
        """
        del extension
        if hasattr(file, "read"):
            return self._put(file)
        with open(os.fspath(file), "rb") as source:
            return self._put(source)

    def keep(self, path: str, expected: str) -> str:
        """Keep a file; if a content of the expected MD5 is there, it is not read. Returns the MD5 of what is kept.

        Raises:
            OSError: if the file cannot be read.
            StoreError: (an OSError) if the copy cannot be written.
        """
        return expected if self.exists(expected) else self.put(path).id

    def _put(self, source: Any) -> Address:
        temporary = os.path.join(self.root, f".{os.getpid()}-{next(_numbers)}-{os.urandom(4).hex()}.tmp")
        try:
            content = self._copied(source, temporary)
            target = self.path_of(content)
            known = os.path.exists(target)
            if not known:
                with self._writing():
                    os.makedirs(os.path.dirname(target), exist_ok=True)
                    os.replace(temporary, target)
        finally:
            with suppress(OSError):
                os.unlink(temporary)
        return Address(content, os.path.relpath(target, self.root), target, known)

    def _copied(self, source: Any, temporary: str) -> str:
        digest = md5(usedforsecurity=False)
        with self._writing():
            with suppress(FileExistsError):
                os.mkdir(self.root)  # and no folder above it: a store that is away is not made anew
            target = open(temporary, "wb", buffering=0)  # noqa: SIM115 - errors of both files are told apart
        with target:
            while piece := source.read(_PIECE):
                digest.update(piece)
                with self._writing():
                    _write_all(target, piece)
        return digest.hexdigest()

    def _writing(self) -> Any:
        from hallow.backends.tinydb.lock import reaching

        return reaching(self.root)

    # ----------------------------------------------------------------------------------------------- reading

    def path_of(self, content: str) -> str:
        """The path that a content of this MD5 has."""
        folders = [content[place * self.width : (place + 1) * self.width] for place in range(self.depth)]
        return os.path.join(self.root, *folders, content[self.depth * self.width :])

    def exists(self, file: str) -> bool:
        """Whether a content of this MD5 is there."""
        return is_digest(file) and os.path.isfile(self.path_of(file))

    def get(self, file: str) -> Address | None:
        """Where a content is; ``None`` if it is not there."""
        if not self.exists(file):
            return None
        path = self.path_of(file)
        return Address(file, os.path.relpath(path, self.root), path)

    def open(self, file: str, mode: str = "rb") -> BinaryIO:
        """A content, opened for reading.

        Raises:
            FileNotFoundError: if it is not there.
        """
        if not self.exists(file):
            raise FileNotFoundError(f"the content {file} is not in {self.root!r}")
        found: Any = open(self.path_of(file), mode)  # noqa: SIM115 - the caller closes it
        return found  # type: ignore[no-any-return]

    def delete(self, file: str) -> None:
        """Remove a content and the folders that are empty then; one that is not there is none to remove."""
        if not is_digest(file):
            return
        path = self.path_of(file)
        with suppress(OSError):
            os.unlink(path)
            for _ in range(self.depth):
                path = os.path.dirname(path)
                os.rmdir(path)

    def files(self) -> Iterator[str]:
        """Paths of all contents."""
        for folder, _, names in os.walk(self.root):
            yield from (os.path.join(folder, name) for name in names if not name.startswith("."))

    def __iter__(self) -> Iterator[str]:
        return self.files()

    def __len__(self) -> int:
        return sum(1 for _ in self.files())

    def __contains__(self, file: object) -> bool:
        return isinstance(file, str) and self.exists(file)


def is_digest(text: Any) -> bool:
    """Whether this is an MD5 in hex: nothing else becomes a path."""
    return isinstance(text, str) and re.fullmatch("[0-9a-f]{32}", text) is not None


def _write_all(file: Any, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[file.write(view) :]
