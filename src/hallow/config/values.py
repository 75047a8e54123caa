"""Values of the configuration: normal form, copies, comparison."""

from __future__ import annotations

import sys
from typing import Any

from hallow.records.updates import Append, Word
from hallow.settings import SETTINGS

#: Types of values that hold no others, as nearly all entries are.
LEAVES = frozenset({int, float, str, bool, type(None), bytes, complex})


# ------------------------------------------------------------------------------------------------ normal form


def normalise(value: Any) -> Any:
    """A value as it stands in a resolved configuration; shares no dict or list with the argument.

    Subclasses of dict and list become plain, at every depth; text without quotes becomes plain text. With
    ``SETTINGS.CONFIG.KEEP_TYPES`` off tuples become lists and numpy scalars Python numbers.

    Raises:
        ValueError: for a container that contains itself.
    """
    return value if type(value) in LEAVES else _Normaliser(keep_words=False)(value)


def prepare_fixed(value: Any) -> Any:
    """Like :func:`normalise`, but text without quotes and requests to extend lists remain what they are."""
    return _Normaliser(keep_words=True)(value)


class _Normaliser:
    __slots__ = ("active", "generic", "keep_types", "keep_words")

    def __init__(self, keep_words: bool) -> None:
        self.keep_words = keep_words
        self.keep_types = SETTINGS.CONFIG.KEEP_TYPES
        self.active: set[int] = set()
        numpy = sys.modules.get("numpy")
        self.generic: Any = () if numpy is None or self.keep_types else getattr(numpy, "generic", ())

    def __call__(self, value: Any) -> Any:
        if type(value) in LEAVES:
            return value
        if isinstance(value, dict | list | tuple):
            return self.container(value)
        if isinstance(value, Word):
            return value if self.keep_words else str(value)
        if isinstance(value, Append):
            items = self(list(value.items))
            return Append(items) if self.keep_words else items
        return value.item() if self.generic and isinstance(value, self.generic) else value

    def container(self, value: Any) -> Any:
        if id(value) in self.active:
            raise ValueError("a container of the configuration contains itself")
        self.active.add(id(value))
        if isinstance(value, dict):
            result: Any = {str(k) if type(k) is Word else k: self(item) for k, item in value.items()}
        elif isinstance(value, list) or not self.keep_types:
            result = [self(item) for item in value]
        else:
            result = _like(value, [self(item) for item in value])
        self.active.discard(id(value))
        return result


def _like(value: tuple[Any, ...], items: list[Any]) -> Any:
    """A tuple of the type of ``value``, if the type says how to make one."""
    make = getattr(type(value), "_make", None)
    return tuple(items) if make is None else make(items)


# ----------------------------------------------------------------------------------------------------- copies


def plain_copy(value: Any) -> Any:
    """A copy whose dicts, lists and tuples are its own and plain; everything else is shared."""
    kind = type(value)
    if kind is dict:
        return {key: item if type(item) in LEAVES else plain_copy(item) for key, item in value.items()}
    if kind is list:
        return [item if type(item) in LEAVES else plain_copy(item) for item in value]
    if kind in LEAVES:
        return value
    if isinstance(value, tuple):
        return _like(value, [plain_copy(item) for item in value])
    if isinstance(value, dict):
        return {key: plain_copy(item) for key, item in value.items()}
    return [plain_copy(item) for item in value] if isinstance(value, list) else value


# ------------------------------------------------------------------------------------------------- comparison


def simplified_type(value: Any) -> type:
    """The type by which changes are judged: tuples count as lists, numpy scalars as Python's."""
    kind: type = type(value)
    if kind in LEAVES:
        return kind
    known: list[tuple[Any, type]] = [(dict, dict), (list | tuple | Append, list), (Word, str)]
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, getattr(numpy, "generic", ())):
        known = [(numpy.floating, float), (numpy.integer, int), (numpy.bool_, bool)]
    return next((counts_as for base, counts_as in known if isinstance(value, base)), kind)


def plain_type(value: Any) -> type:
    """The type as messages call it: containers of this library count as the ones of Python."""
    if type(value) in LEAVES or isinstance(value, tuple):
        return type(value)
    return next((plain for plain in (dict, list) if isinstance(value, plain)), None) or (
        simplified_type(value) if isinstance(value, Word | Append) else type(value)
    )


def type_changed(old: Any, new: Any) -> bool:
    """Whether ``new`` is of another type than ``old``; from ``None`` to anything is no change."""
    return old is not None and simplified_type(old) is not simplified_type(new)


def is_different(old: Any, new: Any) -> bool:
    """Whether two values differ; NaN equals NaN.

    Never raises, and never asks for the truth of what a foreign ``==`` returned: objects that cannot be compared
    reliably are different.
    """
    try:
        return not _equal(old, new)
    except Exception:  # a foreign comparison may raise anything; RecursionError for self-reference included
        return True


def _equal(old: Any, new: Any) -> bool:
    if old is new:
        return True
    if isinstance(old, dict) and isinstance(new, dict):
        return len(old) == len(new) and all(key in new and _equal(old[key], new[key]) for key in old)
    if isinstance(old, list | tuple) and isinstance(new, list | tuple):
        return len(old) == len(new) and all(map(_equal, old, new))
    if type(old) in LEAVES and type(new) in LEAVES:
        return bool(old == new) or (old != old and new != new)  # NaN is what differs from itself
    return _equal_objects(old, new)


def _equal_objects(old: Any, new: Any) -> bool:
    numpy = sys.modules.get("numpy")
    if numpy is not None and (isinstance(old, numpy.ndarray) or isinstance(new, numpy.ndarray)):
        return _equal_arrays(numpy, old, new)
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(old, getattr(torch, "Tensor", ())):
        return bool(type(old) is type(new) and torch.equal(old, new))
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(old, (pandas.DataFrame, pandas.Series, pandas.Index)):
        return type(old) is type(new) and old.equals(new) is True
    return _says_equal(old, new) or (_is_nan(numpy, old) and _is_nan(numpy, new))


def _equal_arrays(numpy: Any, old: Any, new: Any) -> bool:
    old, new = numpy.asarray(old), numpy.asarray(new)
    if old.shape != new.shape:
        return False
    if old.dtype.kind in "fc" and new.dtype.kind in "fc":
        return bool(numpy.array_equal(old, new, equal_nan=True))
    if "O" in (old.dtype.kind, new.dtype.kind):
        return bool(_equal(old.tolist(), new.tolist()))
    return bool(numpy.array_equal(old, new))


def _says_equal(old: Any, new: Any) -> bool:
    """Whether ``==`` gives a truth value, and a true one."""
    said = old == new
    if isinstance(said, bool):
        return said
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(said, numpy.bool_) and bool(said)


def _is_nan(numpy: Any, value: Any) -> bool:
    number = isinstance(value, float) or (numpy is not None and isinstance(value, numpy.floating))
    return number and bool(value != value)  # NaN is what differs from itself
