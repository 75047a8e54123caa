"""The distribution of numbers, counted without any library."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from math import isfinite, isnan
from typing import Any

from hallow.errors import LogValueError
from hallow.running.scalars import described, is_number, plain_scalar
from hallow.running.summary import mean_of

__all__ = ["histogram"]

_PLAIN = frozenset({float, int, bool})


def histogram(name: str, values: Any, bins: int = 64) -> dict[str, Any]:
    """How often numbers fall into ``bins`` intervals of equal width between the least and the greatest.

    Each interval holds its left edge and not its right one; the last holds both. If all numbers are equal, the
    intervals lie around them.

    Args:
        name: how errors call the histogram.
        values: nested lists, arrays, or any iterable of numbers; bools count as 0 and 1.
        bins: number of intervals.

    Returns:
        ``{"edges", "counts", "nan", "inf", "-inf", "count", "min", "max", "mean"}``: one more edge than counts;
        ``count`` is that of all values; min, max and mean are those of the finite ones. Without any of these the lists
        are empty and the three are ``None``.

    Raises:
        LogValueError: if the values are no numbers, or ``bins`` is no positive whole number.
    """
    bins = _checked_bins(name, bins)
    numbers = _flat(name, values)
    ordered = sorted(number for number in numbers if isfinite(number))
    nan = sum(1 for number in numbers if isnan(number))
    infinite = numbers.count(float("inf"))
    edges = _edges(ordered[0], ordered[-1], bins) if ordered else []
    return {
        "edges": edges,
        "counts": _counts(ordered, edges),
        "nan": nan,
        "inf": infinite,
        "-inf": len(numbers) - len(ordered) - nan - infinite,
        "count": len(numbers),
        "min": ordered[0] if ordered else None,
        "max": ordered[-1] if ordered else None,
        "mean": mean_of(ordered) if ordered else None,
    }


def _checked_bins(name: str, bins: Any) -> int:
    plain = plain_scalar(bins)
    if type(plain) is not int or plain < 1:
        raise LogValueError(f"the histogram {name!r} needs bins=1 or more, a whole number, not {described(bins)}")
    return plain


def _edges(least: float, greatest: float, bins: int) -> list[float]:
    if least == greatest:
        # Wide enough that the edges differ also around a large number.
        half = max(0.5, abs(least) * 1e-9)
        least, greatest = max(least - half, -sys.float_info.max), min(greatest + half, sys.float_info.max)
    # In halves if the whole range is too large for a float.
    scale = 1.0 if isfinite(greatest - least) else 0.5
    low, width = least * scale, greatest * scale - least * scale
    inner = (min((low + width * (number / bins)) / scale, greatest) for number in range(1, bins))
    return [least, *inner, greatest]


def _counts(ordered: list[float], edges: list[float]) -> list[int]:
    if not edges:
        return []
    below = [bisect_left(ordered, edge) for edge in edges[:-1]]
    return [right - left for left, right in zip(below, [*below[1:], len(ordered)], strict=True)]


def _flat(name: str, values: Any) -> list[float]:
    plain = plain_scalar(values)
    if is_number(values) and type(values) is type(plain):
        raise LogValueError(
            f"the histogram {name!r} takes numbers, not {described(values)}; for one use log_scalar({name!r}, number)"
        )
    numbers: list[float] = []
    _extend(numbers, [plain] if is_number(plain) else plain, name)
    return numbers


def _extend(numbers: list[float], values: Any, name: str) -> None:
    if isinstance(values, str | bytes | Mapping) or not isinstance(values, Iterable):
        raise _no_numbers(name, values)
    values = values if isinstance(values, list) else list(values)
    try:
        if set(map(type, values)) <= _PLAIN:
            numbers.extend(map(float, values))
            return
        for value in values:
            plain = plain_scalar(value)
            if is_number(plain):
                numbers.append(float(plain))
            else:
                _extend(numbers, plain, name)
    except OverflowError as error:
        raise LogValueError(f"the histogram {name!r} was given an int that is too large for a float") from error


def _no_numbers(name: str, value: Any) -> LogValueError:
    found = f"the histogram {name!r} takes numbers, in lists or arrays of any shape, but was given {described(value)}"
    if isinstance(value, Mapping):
        return LogValueError(f"{found}; give its values (d.values()), or use log_table({name!r}, [d])")
    return LogValueError(f"{found}; leave such values out, or put float('nan') in their place")
