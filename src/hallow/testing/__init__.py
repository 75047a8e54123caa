"""For the tests of users and of plug-in authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.testing.contract import Backend as Backend
    from hallow.testing.contract import BackendContract as BackendContract
    from hallow.testing.contract import RawRun as RawRun
    from hallow.testing.contract import Traffic as Traffic
    from hallow.testing.recording import RecordingObserver as RecordingObserver

_HOMES = {
    "Backend": "hallow.testing.contract",
    "BackendContract": "hallow.testing.contract",
    "RawRun": "hallow.testing.contract",
    "RecordingObserver": "hallow.testing.recording",
    "Traffic": "hallow.testing.contract",
}

__all__ = ["Backend", "BackendContract", "RawRun", "RecordingObserver", "Traffic"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"hallow.testing has no {name!r}; it has {', '.join(_HOMES)}")
    from importlib import import_module

    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
