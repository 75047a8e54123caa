"""Objects by name."""

from __future__ import annotations

import os
import posixpath
import random
import time
from contextlib import suppress
from inspect import signature
from io import BytesIO
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from hallow.backends.objects.connection import ABSENT, GS, PATIENCE, S3, Connection
from hallow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["Objects"]

_SMALL = 8 << 20  # bytes that are read or written in one piece
_PART = 8 << 20  # bytes of a part of a large object
_SLOWEST = 20_000  # bytes in a second, of a connection that is not given up
_TURNS = 40  # attempts to create an object that others want to create, too
_CONTENT_TYPE = {**dict.fromkeys(S3, "ContentType"), **dict.fromkeys(GS, "content_type")}


class Objects(Connection):
    """The objects below one URL. Names are relative to it.

    Every method raises ``StoreError`` if the store cannot be reached or refuses.
    """

    # ----------------------------------------------------------------------------------------------- reading

    def read(self, name: str) -> bytes:
        """The content of an object.

        Raises:
            FileNotFoundError: if there is none.
        """
        try:
            return bytes(self.do("be read", "cat_file", self.path(name), **self._plainly()))
        except ABSENT:
            raise FileNotFoundError(f"{self.url} has no object {name!r}") from None

    def read_many(self, names: Iterable[str], patience: float | None = None) -> dict[str, bytes]:
        """The contents of those objects that are there."""
        wanted = list(dict.fromkeys(names))
        calls = [(self.path(name),) for name in wanted]
        found = zip(wanted, self.do_all("be read", "cat_file", calls, patience, **self._plainly()), strict=True)
        return {name: bytes(content) for name, content in found if not isinstance(content, Exception)}

    def _plainly(self) -> dict[str, Any]:
        """Has s3fs read an object without asking for its size first; older ones do not ask."""
        method = getattr(self._class, "_cat_file", None) if self.kind in S3 else None
        return {"max_concurrency": 1} if method and "max_concurrency" in signature(method).parameters else {}

    def open(self, name: str) -> BinaryIO:
        """An object, opened for reading.

        Raises:
            FileNotFoundError: if there is none.
        """
        if self.size(name) <= _SMALL:
            return BytesIO(self.read(name))
        with self.reaching("be read"):
            return cast("BinaryIO", self.fs.open(self.path(name), "rb", block_size=_PART))

    def size(self, name: str) -> int:
        """Bytes of an object.

        Raises:
            FileNotFoundError: if there is none.
        """
        try:
            info = self.do("be read", "info", self.path(name))
        except ABSENT:
            info = {}
        if info.get("type") != "file":
            raise FileNotFoundError(f"{self.url} has no object {name!r}")
        return int(info["size"])

    def exists(self, name: str) -> bool:
        """Whether there is such an object, or one below that name."""
        return bool(self.do("be read", "exists", self.path(name)))

    def present(self, names: Iterable[str]) -> set[str]:
        """Which of these objects are there."""
        wanted = list(dict.fromkeys(names))
        found = self.do_all("be read", "exists", [(self.path(name),) for name in wanted])
        return {name for name, there in zip(wanted, found, strict=True) if there is True}

    def below(self, *folders: str) -> dict[str, int]:
        """The objects below these names, with their sizes in bytes."""
        calls = [(self.path(folder),) for folder in folders]
        found = {}
        for folder, listing in zip(folders, self.do_all("be listed", "find", calls, detail=True), strict=True):
            infos = listing.values() if isinstance(listing, dict) else ()
            sizes = {self.name(info["name"]): int(info["size"] or 0) for info in infos if _is_object(info)}
            # Whatever a driver takes a prefix for: `1` is not the beginning of `10`.
            found.update({name: size for name, size in sizes.items() if not folder or name.startswith(f"{folder}/")})
        return found

    def folders(self) -> list[str]:
        """What stands before the first slash in the names of objects.

        Raises:
            StoreError: if there is no such bucket.
        """
        try:
            found = self.do("be listed", "ls", self.root or "/", detail=True)
        except FileNotFoundError:
            if self.has_buckets and not self.do("be listed", "exists", self.bucket):
                raise self.no_bucket() from None
            return []
        if [info["name"].rstrip("/") for info in found if info["type"] == "file"] == [self.root]:
            raise StoreError(f"{self.url} is a file; a store is a folder, give that")
        return [posixpath.basename(info["name"].rstrip("/")) for info in found if info["type"] == "directory"]

    # ----------------------------------------------------------------------------------------------- writing

    def write(self, name: str, content: bytes, content_type: str | None = None) -> None:
        """Give an object its content, in one step where the store knows how to do that."""
        path, patience = self.path(name), PATIENCE + len(content) / _SLOWEST
        options = self._typed(content_type)
        self._into_place(path, lambda: self.do("be written", "pipe_file", path, content, patience=patience, **options))

    def write_many(self, contents: Mapping[str, bytes], content_type: str | None = None) -> None:
        """Write several objects at once, each on its own."""
        if not self.has_buckets:
            for name, content in contents.items():
                self.write(name, content, content_type)
            return
        calls = [(self.path(name), content) for name, content in contents.items()]
        results = self.do_all("be written", "pipe_file", calls, **self._typed(content_type))
        if any(isinstance(result, Exception) for result in results):
            raise self.no_bucket()

    def upload(self, filename: str, name: str, content_type: str | None = None) -> None:
        """Give an object the content of a file; the memory that it takes does not grow with that.

        Raises:
            OSError: if the file cannot be read.
        """
        path, size = self.path(name), os.stat(filename).st_size
        options = self._typed(content_type)
        if self.kind in _CONTENT_TYPE:  # neither too much memory, nor more than 10,000 parts
            options["chunksize"] = max(_PART, -(-size // 9000 // _PART) * _PART)
        if self.kind in S3:
            options["max_concurrency"] = 4
        self._into_place(path, lambda: self.do("be written", "put_file", filename, path, patience=None, **options))

    def copy(self, name: str, target: str) -> None:
        """Give one object the content of another one, without moving it through this machine.

        Raises:
            FileNotFoundError: if there is none.
        """
        self.do("be written", "cp_file", self.path(name), self.path(target))

    def _into_place(self, path: str, send: Callable[[], Any]) -> None:
        try:
            send()
        except FileNotFoundError:
            if self.has_buckets:
                raise self.no_bucket() from None
            self.do("be written", "makedirs", posixpath.dirname(path), exist_ok=True)
            send()

    def _typed(self, content_type: str | None) -> dict[str, Any]:
        keyword = _CONTENT_TYPE.get(self.kind)
        return {keyword: content_type} if keyword and content_type else {}

    def make_bucket(self) -> None:
        """Make the bucket, if nobody else does."""
        options = {}
        if self.kind in S3 and hasattr(self.fs, "s3"):
            region = self.fs.s3.meta.region_name
            options = {"region_name": region} if region not in {None, "us-east-1", "aws-global"} else {}
        with suppress(FileExistsError):
            self.do(
                f"be made: there is no bucket {self.bucket!r}, and making it failed", "mkdir", self.bucket, **options
            )

    # ---------------------------------------------------------------------------------------------- creating

    def create(self, name: str, content: bytes, content_type: str | None = None) -> bool:
        """Write an object unless there is one; of several who try, one succeeds at most. Whether this one has.

        Args:
            name: of the object.
            content: no other one that tries has the same.
            content_type: such as ``"text/json"``.
        """
        return (self._create if self.exclusive else self._create_in_turn)(name, content, content_type)

    def _create(self, name: str, content: bytes, content_type: str | None) -> bool:
        try:
            self.create_at_once(name, content, content_type)
        except FileExistsError:
            # The answer to an earlier attempt may have been lost on the way.
            return self.read_many([name]).get(name) == content
        return True

    def create_at_once(self, name: str, content: bytes, content_type: str | None) -> None:
        """Write an object unless there is one.

        Raises:
            FileExistsError: if there is one, or somebody else makes it at the same time.
            FileNotFoundError: if there is no such bucket.
            NotImplementedError: if the store cannot do that in one step.
        """
        with self.reaching("be written"):
            try:
                self.call("pipe_file", self.path(name), content, mode="create", **self._typed(content_type))
            except Exception as error:
                code = _code_of(error)
                if code in {"PreconditionFailed", "412", "ConditionalRequestConflict", "409"}:
                    raise FileExistsError(name) from None
                if code in {"NotImplemented", "501"}:
                    raise NotImplementedError(name) from None
                raise

    def _create_in_turn(self, name: str, content: bytes, content_type: str | None) -> bool:
        """Announce it, then see whether anybody else did. Two can step back, but never both go on."""
        claims = f"{name}.claims"
        own = f"{claims}/{os.urandom(8).hex()}"
        for turn in range(_TURNS):
            self.write(own, b"{}")
            try:
                others = self.below(claims).keys() - {own}
                if self.present([name]):  # asked last: who is not announced any more has created it by now
                    return False
                if not others:
                    return self._create_alone(name, content, content_type)
            finally:
                self.remove([own])
            time.sleep(random.uniform(0, 0.01 * (turn + 1)))
        return False

    def _create_alone(self, name: str, content: bytes, content_type: str | None) -> bool:
        if self.conditional:  # while one finds out that the store is exclusive, others may know already
            with suppress(NotImplementedError):
                return self._create(name, content, content_type)
        self.write(name, content, content_type)
        return True

    # ---------------------------------------------------------------------------------------------- removing

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects; those that are not there are removed already."""
        self.do_all("be written", "rm_file", [(self.path(name),) for name in names])

    def remove_folders(self, name: str) -> None:
        """Remove the empty folders that are left where there were objects, in stores that have folders."""
        if self.has_buckets:
            return
        with suppress(OSError):
            found = self.do("be listed", "find", self.path(name), withdirs=True, detail=True)
            folders = [info["name"] for info in found.values() if info["type"] == "directory"]
            for path in [*sorted(folders, key=len, reverse=True), self.path(name)]:
                with suppress(OSError):
                    self.do("be written", "rmdir", path)


def _is_object(info: Mapping[str, Any]) -> bool:
    # Some programs mark a "folder" by an object with a slash at the end.
    return info["type"] == "file" and not info["name"].endswith("/")


def _code_of(error: BaseException) -> str:
    """What a server said, by the exception of s3fs (in its cause) or gcsfs."""
    response = getattr(error.__cause__, "response", None)
    said = response.get("Error", {}).get("Code") if isinstance(response, dict) else getattr(error, "code", "")
    return str(said)
