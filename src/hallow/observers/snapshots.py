"""Copies of the arguments of an event, for an observer that looks at them later."""

from __future__ import annotations

import copy
from typing import Any

__all__ = ["snapshot"]


def snapshot(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """Copy containers and arrays at every depth; other objects are shared.

    Another thread may change a container meanwhile; the copy then has its items of one moment.
    """
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    if isinstance(value, dict):
        copied = memo[id(value)] = _copied(value)
        for key, item in list(copied.items()):
            dict.__setitem__(copied, key, snapshot(item, memo))
        return copied
    if isinstance(value, list):
        copied = memo[id(value)] = _copied(value)
        list.__setitem__(copied, slice(None), [snapshot(item, memo) for item in list(copied)])
        return copied
    if type(value) is tuple:
        return tuple(snapshot(item, memo) for item in value)
    if isinstance(value, set | bytearray) or _is_array(value):
        return _copied(value)
    return value


def _is_array(value: Any) -> bool:
    kind = type(value)
    return hasattr(kind, "__array__") and kind.__module__.partition(".")[0] in ("numpy", "pandas")


def _copied(value: Any) -> Any:
    try:
        return value.copy() if type(value) in (dict, list, set) else copy.copy(value)
    except Exception:  # a class of its own kind; the plain container has the same items
        return {**value} if isinstance(value, dict) else list(value)
