"""Conditions on metrics, such as ``"val.loss > 10"``: when a message is sent in the middle of a run."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from hallow.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Condition", "parsed"]

_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_COMPARISON = re.compile(r"\s*(?P<left>[^<>=!]+?)\s*(?P<sign><=|>=|==|!=|<|>|=)\s*(?P<right>[^<>=!]+?)\s*")
_IS_NAN = re.compile(r"\s*isnan\(\s*(?P<metric>[^()]+?)\s*\)\s*")


@dataclass(frozen=True)
class Condition:
    """A condition on the values of one metric.

    Attributes:
        text: as the user wrote it.
        metric: name of the metric.
        holds: whether it holds for a value.
    """

    text: str
    metric: str
    holds: Callable[[Any], bool] = field(repr=False)

    def first(self, steps: Sequence[Any], values: Sequence[Any]) -> tuple[Any, Any] | None:
        """Step and value of the first point for which it holds."""
        return next(((step, value) for step, value in zip(steps, values, strict=False) if self.holds(value)), None)


def parsed(when: str | Iterable[str]) -> list[Condition]:
    """The conditions in one text or several.

    Raises:
        UsageError: naming the one that cannot be understood, and how it is written.
    """
    texts = [when] if isinstance(when, str) else list(when or ())
    return [_condition(text) for text in texts]


def _condition(text: Any) -> Condition:
    if not isinstance(text, str):
        raise _error(text, f"it is a {type(text).__name__}, not a text")
    nan = _IS_NAN.fullmatch(text)
    if nan is not None:
        return Condition(text.strip(), nan["metric"], _is_nan)
    match = _COMPARISON.fullmatch(text)
    if match is None:
        raise _error(text, "it is no comparison of a metric with a number")
    left, sign, right = match.group("left", "sign", "right")
    if sign == "=":
        raise _error(text, f"write {left} == {right}")
    number = _number(right)
    if number is None:
        turned = _number(left) is not None
        raise _error(text, "the metric comes first" if turned else f"{right!r} is no number")
    if number != number:
        raise _error(text, f"no value compares with nan; write isnan({left})")
    return Condition(text.strip(), left, _compares(_OPERATORS[sign], number))


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compares(compare: Callable[[Any, Any], Any], number: float) -> Callable[[Any], bool]:
    def holds(value: Any) -> bool:
        try:
            return bool(compare(value, number))
        except Exception:  # a value that is no number
            return False

    return holds


def _is_nan(value: Any) -> bool:
    try:
        return bool(value != value)
    except Exception:  # such as an array
        return False


def _error(text: Any, problem: str) -> UsageError:
    return UsageError(
        f"the condition {text!r} cannot be understood: {problem}. Write a metric, one of < <= > >= == != and a number, "
        'such as "val.loss > 10", or isnan(val.loss)',
        print_usage=False,
    )
