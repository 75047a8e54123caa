"""Nested dicts of values: merging, taking parts, listing leaves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hallow.records.updates import Append
from hallow.utils import join_paths


class _Missing:
    """Type of :data:`MISSING`."""

    def __repr__(self) -> str:
        return "MISSING"


#: There is no value here (``None`` is a value).
MISSING: Any = _Missing()


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


def place(tree: Mapping[Any, Any], path: str) -> tuple[Mapping[Any, Any], Any] | None:
    """The dict and key that hold the value at a dotted path, whatever type the keys have; ``None`` if there is none."""
    for key, value in tree.items():
        text = str(key)
        if text == path:
            return tree, key
        if isinstance(value, Mapping) and path.startswith(f"{text}."):
            found = place(value, path[len(text) + 1 :])
            if found is not None:
                return found
    return None


def value_at(tree: Mapping[Any, Any], path: str, default: Any = None) -> Any:
    """The value at a dotted path, whatever type the keys have."""
    found = place(tree, path)
    return default if found is None else found[0][found[1]]
