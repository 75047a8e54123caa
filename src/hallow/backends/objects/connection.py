"""The way to a file system of fsspec: always fresh, with one kind of error for whatever goes wrong."""

from __future__ import annotations

import os
import posixpath
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from hallow.backends.objects.secrets import public_options, secrets_in
from hallow.errors import HallowError, MissingExtraError, StoreError
from hallow.records.urls import HIDDEN, without_password

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

__all__ = ["ABSENT", "FIRST_PATIENCE", "GS", "LOCAL", "PATIENCE", "S3", "Connection"]

#: Seconds for the first call to a store, and for every later one that moves little.
FIRST_PATIENCE, PATIENCE = 4.5, 60.0
#: Schemes.
S3, GS, LOCAL = frozenset({"s3", "s3a"}), frozenset({"gs", "gcs"}), frozenset({"", "file", "local"})
#: What says that there is no such object.
ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)

# Where the first part of a path is a bucket, and there are no folders.
_BUCKETS = S3 | GS | {"az", "abfs", "abfss", "oss", "oci"}
_AT_ONCE = 32  # calls


class Connection:
    """A file system of fsspec, and a URL in it.

    Args:
        url: as fsspec takes it.
        options: of the file system.

    Attributes:
        url: without a password.
        kind: the scheme.
        root: path of the URL in the file system, such as ``bucket/folder``.
        bucket: the first part of it, for kinds of stores that have buckets.
        folder: the rest of it.
        conditional: whether this kind of store knows how to create an object for one of several only.
        exclusive: whether this one is known to do so.
    """

    def __init__(self, url: str, options: Mapping[str, Any]) -> None:
        self.url = without_password(url).rstrip("/")
        self._address = url
        self._options = dict(options)
        self.kind = url.partition("://")[0] if "://" in url else ""
        self._class = _file_system_class(self.kind, self.url)
        self.root = str(self._class._strip_protocol(url)).rstrip("/")
        self.has_buckets = self.kind in _BUCKETS
        self.bucket, _, self.folder = self.root.partition("/") if self.has_buckets else ("", "", self.root)
        self.conditional = self.kind in S3 | GS | LOCAL
        self.exclusive = False
        self._secrets = secrets_in(url, options)
        self._fs: Any = None
        self._pid = 0
        self._opening = threading.Lock()  # protects the two above

    def __repr__(self) -> str:
        return f"<objects of {self.url}>"

    # ------------------------------------------------------------------------------------------- connection

    @property
    def fs(self) -> Any:
        """The file system; a forked process makes one of its own."""
        with self._opening:
            if self._fs is None or self._pid != os.getpid():
                with self.reaching("be opened"):
                    self._fs, self._pid = self._connected(), os.getpid()
            return self._fs

    def _connected(self) -> Any:
        options = {**self._class._get_kwargs_from_urls(self._address), **self._options, **self._tuning()}
        fs = self._class(skip_instance_cache=True, **options)
        if self.kind in S3 and hasattr(fs, "_call_s3"):
            from fsspec.asyn import sync

            fs.retries = 2
            sync(fs.loop, fs.set_session)  # takes a while, which is no sign of a store that does not answer
        return fs

    def _tuning(self) -> dict[str, Any]:
        """Options that see to it that nothing is answered from a cache, and that nobody waits for ever."""
        if not self.has_buckets:
            return {}
        options: dict[str, Any] = {"use_listings_cache": False}
        if self.kind in S3:
            times = {"connect_timeout": 1.5, "read_timeout": 20, "retries": {"max_attempts": 1}}
            options["config_kwargs"] = {
                **times,
                "max_pool_connections": _AT_ONCE,
                **self._options.get("config_kwargs", {}),
            }
        return options

    def close(self) -> None:
        """Let the connection go; it is made again if need be."""
        with self._opening:
            self._fs = None

    def json_options(self) -> dict[str, Any]:
        """The options that are JSON values, without secrets."""
        return public_options(self._options)

    # ------------------------------------------------------------------------------------------------ errors

    @contextmanager
    def reaching(self, doing: str) -> Iterator[None]:
        """Whatever goes wrong is a ``StoreError`` without secrets, but for what is not there or there already."""
        try:
            yield
        except (*ABSENT, FileExistsError, HallowError):
            raise
        except Exception as error:
            raise self.problem(doing, error) from None

    def problem(self, doing: str, error: BaseException) -> StoreError:
        """The error for something that went wrong."""
        late = "Timeout" in type(error).__name__
        reason = str(error).strip() or ("no answer in time" if late else type(error).__name__)
        for secret in self._secrets:
            reason = reason.replace(secret, HIDDEN)
        if isinstance(error, PermissionError):
            advice = "check the credentials and what they allow"
        elif "redentials" in type(error).__name__ + reason:
            advice = "give credentials, in the way that this kind of store has for that"
        else:
            advice = "check the address and that the store is up; a run can start without the store: --journal-only"
        return StoreError(f"{self.url} cannot {doing}: {without_password(reason)}; {advice}")

    def no_bucket(self) -> StoreError:
        """The error for a bucket that is not there."""
        return StoreError(f"there is no bucket {self.bucket!r} for {self.url}; create it, or check its name")

    # ------------------------------------------------------------------------------------------------- calls

    def path(self, name: str) -> str:
        """The path of an object in the file system."""
        return posixpath.normpath(f"{self.root}/{name}")

    def place(self, name: str) -> str:
        """Where an object is, for people and other programs."""
        return f"{self.url}/{name}"

    def name(self, path: str) -> str:
        """The name of the object at a path; one above the URL has dots."""
        return path.removeprefix(f"{self.root}/") if path.startswith(f"{self.root}/") else path

    def do(self, doing: str, method: str, *args: Any, patience: float | None = PATIENCE, **kwargs: Any) -> Any:
        """Call a method of the file system.

        Args:
            doing: what the store cannot do if that fails, such as ``"be read"``.
            method: its name; of an asynchronous file system, the one with an underscore is meant.
            args: its arguments.
            patience: seconds, for asynchronous file systems.
            kwargs: further arguments.
        """
        with self.reaching(doing):
            return self.call(method, *args, patience=patience, **kwargs)

    def call(self, method: str, *args: Any, patience: float | None = PATIENCE, **kwargs: Any) -> Any:
        """The same, with whatever it raises."""
        fs = self.fs
        if not fs.async_impl:
            return getattr(fs, method)(*args, **kwargs)
        from fsspec.asyn import sync

        return sync(fs.loop, getattr(fs, f"_{method}"), *args, timeout=patience, **kwargs)

    def do_all(
        self, doing: str, method: str, calls: Sequence[Sequence[Any]], patience: float | None = None, **kwargs: Any
    ) -> list[Any]:
        """Several calls at once; gives the result of each, or why what it needs is not there."""
        if not calls:
            return []
        with self.reaching(doing):
            fs = self.fs
            if fs.async_impl:
                from fsspec.asyn import sync

                method_ = getattr(fs, f"_{method}")
                results: list[Any] = sync(fs.loop, _together, method_, calls, kwargs, timeout=patience)
            else:
                results = [_tried(getattr(fs, method), args, kwargs) for args in calls]
            for result in results:
                if isinstance(result, Exception) and not isinstance(result, ABSENT):
                    raise result
            return results


async def _together(method: Callable[..., Any], calls: Iterable[Sequence[Any]], kwargs: dict[str, Any]) -> list[Any]:
    import asyncio

    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(args: Sequence[Any]) -> Any:
        async with limit:
            return await method(*args, **kwargs)

    return list(await asyncio.gather(*map(one, calls), return_exceptions=True))


def _tried(method: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    try:
        return method(*args, **kwargs)
    except ABSENT as error:
        return error


def _file_system_class(kind: str, url: str) -> Any:
    try:
        from fsspec import get_filesystem_class
    except ImportError as error:
        raise _missing(url, error) from None
    try:
        return get_filesystem_class(kind or "file")
    except ImportError as error:
        raise _missing(url, error) from None
    except ValueError:
        raise StoreError(f"there is no kind of store {kind!r} ({url}); fsspec knows none of that name") from None


def _missing(url: str, error: ImportError) -> MissingExtraError:
    return MissingExtraError(
        f'{url} cannot be used ({error}); install what it needs with: pip install "hallow[remote]"',
        print_traceback=False,
    )
