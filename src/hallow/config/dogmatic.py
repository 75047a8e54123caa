"""Containers in which values that were fixed beforehand win over whatever is assigned.

While a config source is evaluated, dicts and lists below fixed paths are replaced by these classes. They never leave
the evaluation: results are plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from hallow.config.changes import Changes
from hallow.config.filling import replaces
from hallow.config.trees import leaf_paths
from hallow.config.values import normalise, plain_copy, simplified_type
from hallow.config.words import convert_word
from hallow.errors import UpdateError
from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS
from hallow.utils import join_paths

if TYPE_CHECKING:
    from typing_extensions import Self


# --------------------------------------------------------------------------------------------------- imposing


def impose(assigned: Any, fixed: Any, path: str, changes: Changes, again: bool = False) -> Any:
    """What stands at ``path`` when ``assigned`` is assigned and ``fixed`` was decided beforehand.

    Args:
        assigned: the value of the source.
        fixed: a nested dict of fixed values, or one value.
        path: the dotted path, for ``changes`` and messages.
        changes: where the outcome is noted.
        again: whether ``assigned`` has the fixed values in it already, so that nothing must be appended twice.

    Raises:
        UpdateError: if elements of something are fixed that has no such elements.
        ConfigTypeError: if an unquoted text does not suit the assigned value.
    """
    if isinstance(fixed, DogmaticDict):
        return _impose_tree(assigned, fixed.fixed, path, changes, again, fixed._parts)
    if isinstance(fixed, Mapping):
        return _impose_tree(assigned, fixed, path, changes, again)
    if isinstance(fixed, Append):
        result = assigned if again else _extended(assigned, fixed, path)
        changes.note(path, assigned, result)
        return result
    if isinstance(fixed, Word):
        fixed = convert_word(fixed, assigned, path) if SETTINGS.COMMAND_LINE.TYPED_WORDS else str(fixed)
    changes.note(path, assigned, fixed)
    return protect(fixed)


def _impose_tree(
    assigned: Any, fixed: Mapping[Any, Any], path: str, changes: Changes, again: bool, parts: bool = True
) -> Any:
    if isinstance(assigned, dict):
        changes.forget(path)
        changes.assigned.add(path)
        return DogmaticDict.over(fixed, path, changes, assigned, again, parts)
    if isinstance(assigned, list | tuple) and fixed and SETTINGS.CONFIG.LIST_UPDATES:
        return _impose_elements(assigned, fixed, path, changes, again)
    changes.note(path, assigned, fixed)
    whole = DogmaticDict.over(fixed, path, changes, parts=parts)
    whole.reveal()
    return whole


def _extended(assigned: Any, fixed: Append, path: str) -> Any:
    if isinstance(assigned, list):
        return [*assigned, *fixed.items]
    if isinstance(assigned, tuple):
        return (*assigned, *fixed.items)
    raise UpdateError(
        f'"{path}" is no list but {simplified_type(assigned).__name__} ({assigned!r}), so nothing can be appended; '
        f"write {path}=VALUE to replace it",
        print_traceback=False,
    )


def _impose_elements(
    assigned: list[Any] | tuple[Any, ...], fixed: Mapping[Any, Any], path: str, changes: Changes, again: bool
) -> Any:
    for key in fixed:
        if not _is_index(key):
            raise UpdateError(
                f'"{path}" is a list of {len(assigned)} and has no entry {key!r}; an element is set by its number '
                f"({path}.0=VALUE, {path}.-1=VALUE), the whole by {path}=[...]",
                print_traceback=False,
            )
    changes.forget(path)
    elements = PinnedList(assigned, {int(key): value for key, value in fixed.items()}, path, changes)
    elements.pin(again)
    if isinstance(assigned, list):
        return elements
    elements.reveal()
    return type(assigned)._make(elements) if hasattr(assigned, "_make") else tuple(elements)


def _is_index(key: Any) -> bool:
    return type(key) is int or (isinstance(key, str) and key.removeprefix("-").isdecimal())


def protect(value: Any) -> Any:
    """Dicts and lists as containers that keep all their present entries; tuples keep their type."""
    if isinstance(value, dict):
        made = DogmaticDict.over(value)
        made.reveal()
        return made
    if isinstance(value, list):
        return DogmaticList(map(protect, value))
    return tuple(map(protect, value)) if type(value) is tuple else value


# -------------------------------------------------------------------------------------------------- containers


class DogmaticDict(dict[Any, Any]):
    """A dict whose fixed entries cannot be changed.

    A fixed entry is in the dict once something was assigned to its key, with the fixed value. Dicts assigned where such
    a dict is fixed are merged with it, see :func:`dogmatize`; a plain dict among the fixed entries is a value like any
    other and replaces what is assigned. ``copy``, ``dict(d)`` and ``deepcopy`` give plain dicts.

    Args:
        fixed: the fixed entries.
        fallback: entries that can be read but are not in the dict when it is iterated.

    Attributes:
        fixed: the fixed entries.
        fallback: the entries that can only be read.
    """

    fixed: Mapping[Any, Any]
    fallback: Mapping[Any, Any]
    replaces: bool
    _parts: bool  # whether plain dicts among the fixed entries are fixed in parts too, as nested updates are
    _path: str
    _changes: Changes

    def __new__(cls, fixed: Mapping[Any, Any] | None = None, fallback: Mapping[Any, Any] | None = None) -> Self:  # noqa: ARG004
        """Complete from the start, because unpickling sets items before it sets anything else."""
        made = dict.__new__(cls)
        made.fixed, made.fallback, made.replaces = {}, {}, False
        made._parts, made._path, made._changes = False, "", Changes()
        return made

    def __init__(self, fixed: Mapping[Any, Any] | None = None, fallback: Mapping[Any, Any] | None = None) -> None:
        super().__init__()
        self.fixed = fixed or {}
        self.fallback = fallback or {}

    @classmethod
    def over(
        cls,
        fixed: Mapping[Any, Any],
        path: str = "",
        changes: Changes | None = None,
        content: Mapping[Any, Any] | None = None,
        again: bool = False,
        parts: bool = True,
    ) -> DogmaticDict:
        """One of nested fixed values that notes what happens in ``changes`` under ``path``, filled with ``content``."""
        made = cls(fixed)
        made._parts, made._path = parts, path
        if changes is not None:
            made._changes = changes
        made.replaces = replaces(content)
        for key, value in (content or {}).items():
            made._set(key, value, again)
        return made

    @property
    def modified(self) -> set[str]:
        """Paths in this dict where the fixed value differs from the assigned one."""
        return set(self._own(self._changes.modified))

    @property
    def typechanges(self) -> dict[str, tuple[type, type]]:
        """Path in this dict to the types of the assigned and the fixed value."""
        return {
            key: self._changes.typechanged[join_paths(self._path, key)] for key in self._own(self._changes.typechanged)
        }

    def _own(self, paths: Iterable[str]) -> list[str]:
        start = f"{self._path}." if self._path else ""
        return [path[len(start) :] for path in paths if path.startswith(start)]

    def _set(self, key: Any, value: Any, again: bool = False) -> None:
        if key in self.fixed:
            if isinstance(value, dict | list) and dict.get(self, key) is value:
                return  # `d["k"] = d["k"]`, which augmented assignments end with
            value = self._won(value, key, again)
        super().__setitem__(key, value)

    def _won(self, assigned: Any, key: Any, again: bool) -> Any:
        fixed, path = self.fixed[key], join_paths(self._path, key)
        if self._parts or isinstance(fixed, DogmaticDict):
            return impose(assigned, fixed, path, self._changes, again)
        self._changes.note(path, assigned, _completed(fixed))
        return fixed

    def __setitem__(self, key: Any, value: Any) -> None:
        self._set(key, value)

    def _remove(self, key: Any) -> None:
        """Remove what is not fixed; of a dict that is fixed in parts, the rest."""
        if key not in self.fixed:
            super().__delitem__(key)
            return
        inner = self[key]
        if isinstance(inner, DogmaticDict) and inner.fixed:
            inner.clear()
        else:
            path = join_paths(self._path, key)
            if path not in self._changes.typechanged:
                self._changes.modified.add(path)

    def __delitem__(self, key: Any) -> None:
        if not dict.__contains__(self, key):
            raise KeyError(key)
        self._remove(key)

    def __missing__(self, key: Any) -> Any:
        if key in self.fallback:
            return self.fallback[key]
        raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return super().__contains__(key) or key in self.fallback

    def get(self, key: Any, default: Any = None) -> Any:
        """The entry or fallback entry of that key."""
        return self[key] if key in self else default  # noqa: SIM401 - that is this method

    def setdefault(self, key: Any, default: Any = None) -> Any:
        """Assign ``default`` if there is no such entry yet; the entry as it stands then."""
        if not dict.__contains__(self, key):
            self[key] = default
        return self[key]

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Assign one by one."""
        for key, value in dict(*args, **kwargs).items():
            self[key] = value

    def __ior__(self, other: Any) -> Self:  # type: ignore[misc]
        self.update(other)
        return self

    def pop(self, key: Any, *default: Any) -> Any:
        """The entry, removed if it is not fixed."""
        if not dict.__contains__(self, key):
            return {}.pop(key, *default)
        value = plain_copy(self[key])
        self._remove(key)
        return value

    def popitem(self) -> tuple[Any, Any]:
        """Remove and return the last entry that is not fixed."""
        for key in reversed(self):
            if key not in self.fixed:
                return key, super().pop(key)
        raise KeyError("popitem(): there are no entries left but fixed ones")

    def clear(self) -> None:
        """Remove all entries that are not fixed."""
        for key in list(self):
            self._remove(key)

    def copy(self) -> dict[Any, Any]:
        """A plain dict of the present entries."""
        return dict(self)

    __copy__ = copy

    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return deepcopy(dict(self), memo)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return dict, (dict(self),)

    def reveal(self) -> None:
        """Put in the fixed entries that were never assigned, here and below."""
        for key, fixed in self.fixed.items():
            if dict.__contains__(self, key):
                continue
            if isinstance(fixed, DogmaticDict):
                fixed = DogmaticDict.over(fixed.fixed, join_paths(self._path, key), self._changes, parts=fixed._parts)
            else:
                fixed = protect(normalise(fixed)) if self._parts else _completed(fixed)
            super().__setitem__(key, fixed)
        reveal(dict.values(self))

    def revelation(self) -> set[str]:
        """Put in the fixed entries that were never assigned; returns their paths."""
        missing = {path for path in self._paths() if join_paths(self._path, path) not in self._changes.assigned}
        self.reveal()
        return missing

    def _paths(self) -> Iterator[str]:
        """Paths of all fixed entries, with those that are fixed in parts."""
        if self._parts:
            yield from leaf_paths(self.fixed)
            return
        for key, fixed in self.fixed.items():
            yield str(key)
            if isinstance(fixed, DogmaticDict):
                yield from (join_paths(key, path) for path in fixed._paths())


def reveal(values: Iterable[Any]) -> None:
    """Complete the containers among ``values`` and inside of them."""
    for value in values:
        if isinstance(value, DogmaticDict | PinnedList):
            value.reveal()


def _completed(value: Any) -> Any:
    """``value``, with all entries in the dicts of a list or tuple that was made dogmatic."""
    if isinstance(value, DogmaticDict):
        value.reveal()
    elif isinstance(value, DogmaticList | tuple):
        for item in value:
            _completed(item)
    return value


class PinnedList(list[Any]):
    """A list some of whose elements are fixed.

    An element that is not there yet may come later; one that is still missing at the end is an error. A number that
    counts from the end means the element that it meant when the list was assigned.
    """

    __slots__ = ("changes", "elements", "path", "pinned")

    def __init__(self, content: Iterable[Any], elements: Mapping[int, Any], path: str, changes: Changes) -> None:
        super().__init__(content)
        self.elements = elements
        self.path = path
        self.changes = changes
        self.pinned: dict[int, Any] = {}

    def pin(self, again: bool = False) -> None:
        """Put the fixed elements that can be in place there."""
        for number, fixed in self.elements.items():
            if number not in self.pinned and -len(self) <= number < len(self):
                value = impose(self[number], fixed, f"{self.path}.{number}", self.changes, again)
                self[number] = self.pinned[number] = value

    def reveal(self) -> None:
        """Put all fixed elements in place, for good.

        Raises:
            UpdateError: for an element that is not there.
        """
        self.pin()
        for number in self.elements:
            if number not in self.pinned or not -len(self) <= number < len(self):
                raise UpdateError(
                    f'"{self.path}" has {len(self)} elements and none with the number {number} (they are 0 to '
                    f"{len(self) - 1}, or -{len(self)} to -1); to append, write '{self.path}+=[VALUE]'",
                    print_traceback=False,
                )
            if number >= 0:
                self[number] = self.pinned[number]
        reveal(self)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (list(self),)


class DogmaticList(list[Any]):
    """A list that was fixed: whatever would change it has no effect; ``pop`` tells the element it would remove."""

    __slots__ = ()

    def _unchanged(self, *_args: Any, **_kwargs: Any) -> None:
        return None

    def _itself(self, _other: Any) -> Any:
        return self

    __setitem__ = __delitem__ = _unchanged
    __iadd__ = __imul__ = _itself
    append = clear = extend = insert = remove = reverse = sort = _unchanged

    def pop(self, index: Any = -1) -> Any:
        """The element that a list would remove."""
        return self[index]

    def __reduce_ex__(self, protocol: Any) -> Any:
        return list, (list(self),)

    def revelation(self) -> set[str]:
        """Complete the dicts in the list; a list has no entries that could be missing."""
        _completed(self)
        return set()


# --------------------------------------------------------------------------------------------------- functions


def dogmatize(obj: Any) -> Any:
    """Nested dicts, lists and tuples as containers whose present entries are fixed (and not yet assigned)."""
    if isinstance(obj, dict):
        return DogmaticDict({key: dogmatize(value) for key, value in obj.items()})
    if isinstance(obj, list):
        return DogmaticList(map(dogmatize, obj))
    return tuple(map(dogmatize, obj)) if isinstance(obj, tuple) else obj


def undogmatize(obj: Any) -> Any:
    """Plain dicts, lists and tuples with the present entries."""
    return plain_copy(obj)
