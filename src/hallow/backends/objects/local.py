"""Objects that are files on this machine; and which objects a URL means."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from errno import ENAMETOOLONG
from typing import TYPE_CHECKING, Any

from hallow.backends.objects.access import Objects
from hallow.backends.objects.connection import LOCAL
from hallow.errors import ArtifactNameError, StoreError
from hallow.records.jsonfile import create_file, replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["LocalObjects", "open_objects"]


def open_objects(url: str, options: Mapping[str, Any]) -> Objects:
    """The objects below a URL; nothing is connected yet.

    Args:
        url: as fsspec takes it; or a path.
        options: of the file system.

    Raises:
        StoreError: if there is no file system for it.
        MissingExtraError: (an ImportError) if the package that it needs is missing.
    """
    is_local = "://" not in url or url.partition("://")[0] in LOCAL
    return (LocalObjects if is_local else Objects)(url, options)


class LocalObjects(Objects):
    """Objects that are files on this machine: complete at every moment, too."""

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        super().__init__(url, options)
        self.kind = "file"
        self.url = f"file://{self.root}"

    def place(self, name: str) -> str:
        """The path of the file."""
        return self.path(name)

    def write(self, name: str, content: bytes, content_type: str | None = None) -> None:
        """Give an object its content in one step."""
        del content_type
        with self._placing(name) as path:
            replace_file(path, content)

    def upload(self, filename: str, name: str, content_type: str | None = None) -> None:
        """Give an object the content of a file in one step."""
        del content_type
        from shutil import copyfile

        os.stat(filename)
        with self._placing(name) as path:
            temporary = f"{os.path.dirname(path)}/.{os.urandom(8).hex()}.tmp"
            try:
                copyfile(filename, temporary)
                os.replace(temporary, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(temporary)
                raise

    def create_at_once(self, name: str, content: bytes, content_type: str | None) -> None:
        """Write an object unless there is one.

        Raises:
            FileExistsError: if there is one.
        """
        del content_type
        with self._placing(name) as path:
            create_file(path, content)

    @contextmanager
    def _placing(self, name: str) -> Iterator[str]:
        """The path of an object, in a folder that exists."""
        path = self.path(name)
        with self.reaching("be written"):
            try:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                yield path
            except FileExistsError:
                if os.path.lexists(path):
                    raise
                raise self._in_the_way(name) from None
            except (IsADirectoryError, NotADirectoryError):
                raise self._in_the_way(name) from None
            except OSError as error:
                if error.errno != ENAMETOOLONG:
                    raise
                raise ArtifactNameError(f"{self.url} cannot keep {name[:80]!r}: the name is too long") from None

    def _in_the_way(self, name: str) -> Exception:
        if not os.path.isdir(self.root):
            return StoreError(f"{self.url} cannot be written: {self.root!r} is, or lies in, a file; give a folder")
        return ArtifactNameError(
            f"{name!r} cannot be kept in {self.url}: a part of this name is that of another artifact"
        )
