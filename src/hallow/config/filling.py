"""Dicts of several config sources put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallow.config.values import plain_copy


class Replace(dict[Any, Any]):
    """A dict that replaces the one of earlier sources instead of being merged into it.

    ``opt = Replace(lr=0.1)`` in a scope drops what earlier sources had put into ``opt``. Updates still win.
    """

    __slots__ = ()


def replaces(value: Any) -> bool:
    """Whether a dict, possibly under the control of an evaluation, was written as :class:`Replace`."""
    return isinstance(value, Replace) or getattr(value, "replaces", False) is True


def recursive_fill_in(config: dict[Any, Any], preset: Mapping[Any, Any]) -> None:
    """Add entries of ``preset`` that ``config`` lacks, at every level, as copies; :class:`Replace` is left alone."""
    if replaces(config):
        return
    for key, value in preset.items():
        if not dict.__contains__(config, key):
            config[key] = plain_copy(value)
        elif isinstance(config[key], dict) and isinstance(value, Mapping):
            recursive_fill_in(config[key], value)


def fallback_dict(fallback: Mapping[Any, Any], **kwargs: Any) -> dict[Any, Any]:
    """A copy of ``fallback`` with the keywords on top."""
    return {**fallback, **kwargs}
