"""Helpers and exceptions."""

from __future__ import annotations

from typing import Any

from hallow import utils
from hallow.errors import *  # noqa: F403 - ConfigError and all others
from hallow.utils import *  # noqa: F403 - __all__ is Sacred's

_LAZY = frozenset({"NO_LOGGER", "PathType", *utils._ELSEWHERE})

__all__ = [*utils.__all__, *sorted(_LAZY)]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(utils, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
