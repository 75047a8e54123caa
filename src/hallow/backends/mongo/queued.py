"""A MongoObserver behind a thread of its own."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from hallow.backends.mongo.observer import DEFAULT_MONGO_PRIORITY, QueueCompatibleMongoObserver
from hallow.observers.queue import QueueObserver

if TYPE_CHECKING:
    from typing_extensions import Self

    from hallow.backends.mongo.store import MongoStore
    from hallow.records.stored import StoredRun

__all__ = ["QueuedMongoObserver"]


class QueuedMongoObserver(QueueObserver):
    """A MongoObserver whose events are stored by a thread, see :class:`~hallow.observers.queue.QueueObserver`.

    Every attribute of the MongoObserver can be reached on it.

    Args:
        interval: seconds between two rounds of the thread.
        retry_interval: seconds before what failed is tried again.
        url: see :class:`~hallow.backends.mongo.observer.MongoObserver`, as the others.
        db_name: the database.
        collection: of the runs.
        overwrite: id of a run to be replaced.
        priority: see there.
        client: a ``pymongo.MongoClient``.
        kwargs: further arguments of MongoObserver.
    """

    def __init__(
        self,
        interval: float = 20.0,
        retry_interval: float = 10.0,
        url: str | None = None,
        db_name: str = "sacred",
        collection: str = "runs",
        overwrite: int | str | None = None,
        priority: float = DEFAULT_MONGO_PRIORITY,
        client: Any = None,
        **kwargs: Any,
    ) -> None:
        covered = QueueCompatibleMongoObserver(
            url=url,
            db_name=db_name,
            collection=collection,
            overwrite=overwrite,
            priority=priority,
            client=client,
            **kwargs,
        )
        super().__init__(covered, interval=interval, retry_interval=retry_interval)

    @classmethod
    def create(cls, *args: Any, **kwargs: Any) -> Self:
        """Deprecated: call the class."""
        warnings.warn(
            f"{cls.__name__}.create is deprecated; call {cls.__name__}(...)", DeprecationWarning, stacklevel=2
        )
        return cls(*args, **kwargs)

    def store(self) -> MongoStore:
        """The store, for reading."""
        found: MongoStore = self._covered_observer.store()
        return found

    def reopen(self, _id: Any) -> StoredRun:
        """Take up a run that was recorded earlier."""
        found: StoredRun = self._covered_observer.reopen(_id)
        return found
