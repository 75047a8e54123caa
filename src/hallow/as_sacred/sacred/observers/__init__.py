"""All observers."""

from __future__ import annotations

from typing import Any

from hallow import observers

__all__ = [
    "FileStorageObserver",
    "GoogleCloudStorageObserver",
    "MongoObserver",
    "QueueObserver",
    "QueuedMongoObserver",
    "RunObserver",
    "S3Observer",
    "SlackObserver",
    "SqlObserver",
    "TelegramObserver",
    "TinyDbObserver",
    "TinyDbReader",
]


_MODULES = frozenset(
    {
        "base",
        "file_storage",
        "gcs_observer",
        "mongo",
        "queue",
        "s3_observer",
        "slack",
        "sql",
        "sql_bases",
        "telegram_obs",
        "tinydb_hashfs",
    }
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        from importlib import import_module

        return import_module(f"{__name__}.{name}")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(observers, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
