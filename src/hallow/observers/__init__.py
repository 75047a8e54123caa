"""The write side: what runs tell, and those who listen.

Observers that keep a store live with their back-end and are named here by module, so that none is loaded
before it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.observers.base import RunObserver

__all__ = [
    "FileStorageObserver",
    "GoogleCloudStorageObserver",
    "MemoryObserver",
    "MongoObserver",
    "NotifyObserver",
    "ObjectStoreObserver",
    "QueueObserver",
    "QueuedMongoObserver",
    "RunObserver",
    "S3Observer",
    "SlackObserver",
    "SqlObserver",
    "TelegramObserver",
    "TinyDbObserver",
    "TinyDbReader",
    "observer_for",
]

# Sacred's own modules of this name, as in hallow/__init__.py.
__path__.append(f"{__path__[0]}/../as_sacred/sacred/observers")

_HOMES = {
    "FileStorageObserver": "hallow.backends.file.observer",
    "GoogleCloudStorageObserver": "hallow.backends.objects.clouds",
    "MemoryObserver": "hallow.backends.memory.observer",
    "MongoObserver": "hallow.backends.mongo.observer",
    "NotifyObserver": "hallow.observers.notify.notify",
    "ObjectStoreObserver": "hallow.backends.objects.observer",
    "QueueObserver": "hallow.observers.queue",
    "QueuedMongoObserver": "hallow.backends.mongo.queued",
    "RunObserver": "hallow.observers.base",
    "S3Observer": "hallow.backends.objects.clouds",
    "SlackObserver": "hallow.observers.notify.slack",
    "SqlObserver": "hallow.backends.sql.observer",
    "TelegramObserver": "hallow.observers.notify.telegram",
    "TinyDbObserver": "hallow.backends.tinydb.observer",
    "TinyDbReader": "hallow.backends.tinydb.reader",
    "observer_for": "hallow.observers.choosing",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        known = ", ".join(sorted(_HOMES))
        raise AttributeError(f"hallow.observers has no {name!r}; this version has {known}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
