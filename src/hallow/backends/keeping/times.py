"""Times and containers on their way into a document."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from hallow.records.encoding import flatten

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["epoch", "with_times"]

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive, as observers are told


def epoch(when: Any) -> float:
    """Seconds since 1970 of a naive time in UTC."""
    return (when - _EPOCH) / timedelta(seconds=1) if isinstance(when, datetime) else float(when)


def with_times(mapping: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Flattened, but for datetimes at the top, which stores have a form of their own for."""
    times = {key: value for key, value in mapping.items() if isinstance(value, datetime)}
    return {**flatten({k: v for k, v in mapping.items() if k not in times}, path=path), **times}
