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
    "MemoryObserver",
    "NotifyObserver",
    "QueueObserver",
    "RunObserver",
    "SlackObserver",
    "TelegramObserver",
]

_HOMES = {
    "RunObserver": "hallow.observers.base",
    "QueueObserver": "hallow.observers.queue",
    "SlackObserver": "hallow.observers.notify.slack",
    "TelegramObserver": "hallow.observers.notify.telegram",
    "NotifyObserver": "hallow.observers.notify.notify",
    "FileStorageObserver": "hallow.backends.file.observer",
    "MemoryObserver": "hallow.backends.memory.observer",
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
