"""Nested dicts of values: merging, taking parts, listing leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hallow.records.updates import Append
from hallow.utils import join_paths


class Marker:
    """Stands where a value could; shown as its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


#: There is no value here (``None`` is a value).
MISSING: Any = Marker("MISSING")


def merge(target: dict[Any, Any], values: Mapping[Any, Any]) -> dict[Any, Any]:
    """Merge ``values`` into ``target`` in place, dicts recursively; dicts of ``values`` are copied, never shared."""
    for key, value in values.items():
        mine = target.get(key)
        if isinstance(value, Mapping):
            target[key] = merge(mine if isinstance(mine, dict) else {}, value)
        elif isinstance(value, Append) and isinstance(mine, list | tuple):
            continue  # values that were evaluated with the update in force hold its items already
        else:
            target[key] = value
    return target


def nested(values: Mapping[Any, Any]) -> dict[Any, Any]:
    """A copy of a nested dict whose dicts are its own."""
    return merge({}, values)


def placed(path: str, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` below a dotted path; the dict itself for the empty path."""
    for part in reversed(path.split(".") if path else ()):
        values = {part: values}
    return values


def take(tree: dict[str, Any], path: str) -> Any:
    """Remove and return the value at a dotted path, with dicts that become empty; ``MISSING`` if there is none."""
    first, _, rest = path.partition(".")
    if first not in tree:
        return MISSING
    if not rest:
        return tree.pop(first)
    inner = tree[first]
    if not isinstance(inner, dict):
        return MISSING
    value = take(inner, rest)
    if not inner and value is not MISSING:
        del tree[first]
    return value


def leaf_paths(tree: Mapping[Any, Any]) -> Iterator[str]:
    """Dotted paths of all leaves; an empty dict is a leaf."""
    for key, value in tree.items():
        if isinstance(value, Mapping) and value:
            for path in leaf_paths(value):
                yield join_paths(key, path)
        else:
            yield str(key)


def value_at(tree: Mapping[Any, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path, whatever type the keys have."""
    for key, value in tree.items():
        text = str(key)
        if text == path:
            return value
        if isinstance(value, Mapping) and path.startswith(f"{text}."):
            found = value_at(value, path[len(text) + 1 :], MISSING)
            if found is not MISSING:
                return found
    return default
