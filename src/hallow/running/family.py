"""Runs that belong together: children of a run, tags, groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import dist, isfinite, sqrt
from typing import TYPE_CHECKING, Any

from hallow.errors import UsageError
from hallow.records.encoding import flatten
from hallow.running.scalars import is_number, plain_scalar
from hallow.running.summary import mean_of

if TYPE_CHECKING:
    from hallow.running.run import Run
    from hallow.running.summary import MetricSummary

__all__ = ["aggregate", "check_group", "check_tags", "child_facts"]


def child_facts(run: Run, summary: MetricSummary) -> dict[str, Any]:
    """What a run tells the run around it when it ends, as strict JSON data.

    Returns:
        ``{"id", "command", "status", "result", "metrics": {name: last value}}``. ``result`` is there if it is a finite
        number, or a dict with such numbers (of which only those are given).
    """
    facts: dict[str, Any] = {"id": flatten(run._id), "command": run.command, "status": run.status}
    result = _numbers(run.result)
    if result is not None:
        facts["result"] = result
    metrics = {name: metric["last"] for name, metric in summary.as_dict().items()}
    return {**facts, "metrics": {name: last for name, last in metrics.items() if last is not None}}


def _numbers(result: Any) -> Any:
    if not isinstance(result, Mapping):
        return _number(result)
    found = {str(key): _number(value) for key, value in result.items()}
    return {key: number for key, number in found.items() if number is not None} or None


def _number(value: Any) -> float | None:
    """A finite number as JSON has it; ``None`` for anything else."""
    plain = plain_scalar(value)
    try:
        if not is_number(plain) or not isfinite(plain):
            return None
    except (TypeError, ValueError, OverflowError):  # what resists, or is too large
        return None
    return plain if type(plain) in (bool, int, float) else float(plain)


def aggregate(children: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Mean, standard deviation and range of what children have in common.

    Args:
        children: as :func:`child_facts` returns them. One that FAILED is left out: its last values are those of
            unfinished work.

    Returns:
        ``{name: {"mean", "std", "min", "max", "count"}}``. Names are those of the metrics (their last values count, if
        they are finite), ``result`` for results that are a number, and ``result.<key>`` for those of a dict; a metric
        of such a name is called ``metrics.<name>``. ``std`` divides by n - 1 and is 0 for one value.
    """
    results: dict[str, list[float]] = {}
    metrics: dict[str, list[float]] = {}
    for child in children:
        if child.get("status") != "FAILED":
            _collect(results, _by_name(child.get("result")))
            _collect(metrics, child.get("metrics") or {})
    named = {f"metrics.{name}" if name in results else name: values for name, values in metrics.items()}
    return {name: _statistics(values) for name, values in {**results, **named}.items()}


def _by_name(result: Any) -> dict[str, Any]:
    if isinstance(result, Mapping):
        return {f"result.{key}": value for key, value in result.items()}
    return {"result": result}


def _collect(lists: dict[str, list[float]], values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        number = _number(value)
        if number is not None:
            lists.setdefault(name, []).append(number)


def _statistics(values: list[float]) -> dict[str, Any]:
    count = len(values)
    mean = mean_of(values)
    std = dist(values, [mean] * count) / sqrt(count - 1) if count > 1 else 0.0
    return {
        "mean": mean,
        # Of numbers near the end of the floats; JSON has no infinity.
        "std": std if isfinite(std) else None,
        "min": min(values),
        "max": max(values),
        "count": count,
    }


def check_tags(tags: str | Iterable[str] | None) -> list[str]:
    """The tags of a run, each once, in their order (those of a set sorted).

    Args:
        tags: one string is one tag.

    Raises:
        UsageError: (a ValueError) for anything but strings that are not blank.
    """
    if tags is None:
        return []
    if isinstance(tags, str):
        tags = [tags]
    if not isinstance(tags, list | tuple | set | frozenset):
        raise _unusable(f"tags must be a string or a list of strings, such as ['baseline', 'paper'], not {tags!r}")
    wrong = [tag for tag in tags if not isinstance(tag, str) or not tag.strip()]
    if wrong:
        raise _unusable(f"a tag must be a string that is not blank, not {wrong[0]!r}")
    return list(dict.fromkeys(sorted(tags) if isinstance(tags, set | frozenset) else tags))


def check_group(group: str | None) -> str | None:
    """The name of a group of runs.

    Raises:
        UsageError: (a ValueError) for anything but a string that is not blank.
    """
    if group is None or (isinstance(group, str) and group.strip()):
        return group
    raise _unusable(f"a group must be a string that is not blank, such as 'ablation', not {group!r}")


def _unusable(message: str) -> UsageError:
    return UsageError(message, print_usage=False)
