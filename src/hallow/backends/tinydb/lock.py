"""Who may write to what several runs share, and what is said when that is not possible."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from hallow.backends.tinydb.layout import OWN
from hallow.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["StoreLock", "reaching"]

#: Seconds to wait for another process; it may have a large ``metadata.json`` to rewrite.
PATIENCE = 30.0
_POLL = 0.005  # seconds


class StoreLock:
    """Excludes all others, in this process and in others, from a store; a thread that has it may take it again.

    Args:
        root: folder of the store.
    """

    def __init__(self, root: str) -> None:
        from filelock import FileLock

        self.root = root
        self._lock = FileLock(os.path.join(root, OWN, "lock"))

    @classmethod
    def of(cls, root: str) -> StoreLock:
        """The lock for a store that may have been written by Sacred only.

        Raises:
            StoreError: if the folder cannot be written.
        """
        with reaching(root), suppress(FileExistsError):
            os.mkdir(os.path.join(root, OWN))
        return cls(root)

    def __reduce__(self) -> tuple[type[StoreLock], tuple[str]]:
        return StoreLock, (self.root,)

    @contextmanager
    def held(self, patience: float = PATIENCE) -> Iterator[None]:
        """While this lasts, nobody else has it.

        Raises:
            StoreError: if it cannot be had within ``patience`` seconds, or the store is not there.
        """
        from filelock import Timeout

        with reaching(self.root):
            if not os.path.isdir(os.path.join(self.root, OWN)):  # the lock would make it
                raise StoreError(f"the TinyDB store {self.root!r} is not there (any more)", print_traceback=False)
            try:
                self._lock.acquire(timeout=patience, poll_interval=_POLL)
            except Timeout:
                raise StoreError(
                    f"the TinyDB store {self.root!r} has been locked by another process for {patience:g} seconds; see "
                    f"which one has {os.path.join(self.root, OWN, 'lock')} open, or try again"
                ) from None
        try:
            yield
        finally:
            self._lock.release()


@contextmanager
def reaching(root: str, doing: str = "written") -> Iterator[None]:
    """Errors of the system in the body become a StoreError that names the store, and what cannot be done with it."""
    try:
        yield
    except StoreError:
        raise
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        name = getattr(error, "filename", None)
        where = f" ({name})" if name else ""
        raise StoreError(
            f"the TinyDB store {root!r} cannot be {doing}: {reason}{where}; check that the folder is there and may be "
            f"{doing}{', and that the disk has room' if doing == 'written' else ''}"
        ) from error
