"""Dicts and lists that refuse to be changed: what captured functions receive in the mode that refuses."""

from __future__ import annotations

from copy import deepcopy
from functools import lru_cache
from typing import Any, NoReturn

from hallow.errors import ReadOnlyConfigError


class ReadOnlyContainer:
    """Base of the containers that raise when they are to be changed.

    They are equal to plain ones, and JSON, YAML and pickle take them. ``copy.copy`` gives a plain container (with
    read-only ones in it), ``copy.deepcopy`` plain ones throughout.
    """

    __slots__ = ()
    _path: str

    def _readonly(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        entry = f' (entry "{self._path}")' if getattr(self, "_path", "") else ""
        raise ReadOnlyConfigError(
            f"The configuration is read-only in a captured function!{entry} Change a copy (copy.deepcopy gives a plain "
            "one), or set SETTINGS.CONFIG.READ_ONLY_CONFIG to 'copy', which hands out plain copies.",
            filter_traceback="always",
        )


class ReadOnlyDict(ReadOnlyContainer, dict[Any, Any]):
    """A dict that cannot be changed.

    Raises:
        ReadOnlyConfigError: whatever would change it.
    """

    __slots__ = ("_path",)

    __setitem__ = __delitem__ = __ior__ = ReadOnlyContainer._readonly
    clear = pop = popitem = setdefault = update = ReadOnlyContainer._readonly

    def __copy__(self) -> dict[Any, Any]:
        return dict(self)

    copy = __copy__

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return deepcopy(dict(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _remade, (type(self), dict(self), getattr(self, "_path", ""))


class ReadOnlyList(ReadOnlyContainer, list[Any]):
    """A list that cannot be changed.

    Raises:
        ReadOnlyConfigError: whatever would change it.
    """

    __slots__ = ("_path",)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = ReadOnlyContainer._readonly
    append = clear = extend = insert = pop = remove = reverse = sort = ReadOnlyContainer._readonly

    def __copy__(self) -> list[Any]:
        return list(self)

    copy = __copy__

    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return deepcopy(list(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _remade, (type(self), list(self), getattr(self, "_path", ""))


def _remade(cls: Any, content: Any, path: str) -> Any:
    made = cls(content)
    made._path = path
    return made


def make_read_only(obj: Any, path: str = "") -> Any:
    """A read-only form of nested dicts, lists and tuples; tuples stay tuples, other types are untouched.

    Args:
        obj: any value.
        path: where it stands in the configuration; errors name it.
    """
    _known_to_yaml()
    return _made(obj, path)


def _made(obj: Any, path: str) -> Any:
    kind = type(obj)
    if kind is dict:
        below = f"{path}." if path else ""
        return _remade(ReadOnlyDict, {key: _made(item, f"{below}{key}") for key, item in obj.items()}, path)
    if kind is list:
        return _remade(ReadOnlyList, [_made(item, f"{path}[{n}]") for n, item in enumerate(obj)], path)
    return tuple(_made(item, f"{path}[{n}]") for n, item in enumerate(obj)) if kind is tuple else obj


@lru_cache(maxsize=1)
def _known_to_yaml() -> None:
    """Tell PyYAML, which judges by exact type, how to write these classes."""
    try:
        from yaml.representer import Representer, SafeRepresenter
    except ImportError:
        return
    for representer in (SafeRepresenter, Representer):
        representer.add_representer(ReadOnlyDict, SafeRepresenter.represent_dict)
        representer.add_representer(ReadOnlyList, SafeRepresenter.represent_list)
