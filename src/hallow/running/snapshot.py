"""A copy of ``run.info`` that observers can read while the run goes on changing the original."""

from __future__ import annotations

from typing import Any

_CONTAINERS = (dict, list, tuple, set)


class InfoSnapshots:
    """Makes copies of an info dict, and carries over what observers add to them (``info["metrics"]``)."""

    def __init__(self) -> None:
        self._added: dict[Any, Any] = {}

    def take(self, info: dict[Any, Any]) -> dict[Any, Any]:
        """A copy with what observers added to earlier ones."""
        return {**self._added, **plain_copy(info)}

    def keep_additions(self, info: dict[Any, Any], snapshot: dict[Any, Any]) -> None:
        """Remember the entries of ``snapshot`` that ``info`` does not have."""
        for key in list(snapshot):
            if key not in info:
                self._added[key] = snapshot[key]

    def hand_over(self, info: dict[Any, Any]) -> None:
        """Give them to the user's dict, once nobody iterates over it any more."""
        for key, value in self._added.items():
            info.setdefault(key, value)


def plain_copy(value: Any, memo: dict[int, Any] | None = None) -> Any:
    """Copy containers at every depth; other objects are shared.

    ``copy`` of a plain dict, list or set happens in one step that no other thread can interrupt.
    """
    kind = type(value)
    if kind not in _CONTAINERS:
        return value
    memo = {} if memo is None else memo
    if id(value) in memo:
        return memo[id(value)]
    if kind is dict:
        copied = memo[id(value)] = value.copy()
        for key, item in list(copied.items()):
            copied[key] = plain_copy(item, memo)
        return copied
    if kind is list:
        copied = memo[id(value)] = value.copy()
        copied[:] = [plain_copy(item, memo) for item in copied]
        return copied
    return value.copy() if kind is set else tuple(plain_copy(item, memo) for item in value)
