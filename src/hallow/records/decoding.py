# ruff: noqa: ARG001, ARG005 - the readers of a table share one signature
"""Python values from their stored JSON form: data only.

An allow-list of plain types is restored. Whatever else a file names becomes a
:class:`~hallow.records.described.Described`: nothing is imported and nothing is called on behalf of a file.
"""

from __future__ import annotations

import zlib
from base64 import b64decode
from json import loads
from typing import TYPE_CHECKING, Any

from hallow.records.described import Described

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["restore"]


def restore(flat: Any, ordered: bool = True) -> Any:
    """The value that :func:`~hallow.records.encoding.flatten` (or Sacred) has written as ``flat``.

    Tuples, sets, bytes, dates, paths, numbers of all kinds, arrays and data frames come back as they were;
    instances of other classes, functions, classes and modules come back as
    :class:`~hallow.records.described.Described`. A tag whose content makes no sense is described as well, so
    restoring never fails.

    Args:
        flat: JSON data.
        ordered: whether dicts have the order in which they were written. Sacred refers to what it met before by number
            (``py/id``); in files with sorted keys the numbers mean nothing any more, and such a reference is described.
    """
    try:
        return _Decoder(ordered).decode(flat)
    except RecursionError:
        return Described("unreadable", "it is nested too deeply", flat=flat)


class _Decoder:
    """One call of :func:`restore`; numbers the objects it meets, because ``py/id`` refers to them."""

    def __init__(self, ordered: bool = True) -> None:
        self.ordered = ordered
        self.met: list[Any] = []

    def decode(self, flat: Any) -> Any:
        if isinstance(flat, list):
            return self.list_(flat)
        if not isinstance(flat, dict):
            return flat
        for tag, reader in _BY_TAG.items():
            if tag in flat:
                return self.tagged(reader, flat)
        return self.dict_(flat)

    def list_(self, flat: list[Any]) -> list[Any]:
        found: list[Any] = []
        self.met.append(found)
        found.extend(self.decode(item) for item in flat)
        return found

    def dict_(self, flat: dict[str, Any]) -> dict[Any, Any]:
        found: dict[Any, Any] = {}
        self.met.append(found)
        for key, value in flat.items():
            found[self.key(key)] = self.decode(value)
        return found

    def key(self, key: Any) -> Any:
        if not isinstance(key, str) or not key.startswith("json://"):
            return key
        try:
            restored = restore(loads(key[7:]))
            hash(restored)
        except (ValueError, TypeError, RecursionError):
            return key
        return restored

    def tagged(self, reader: Callable[[_Decoder, dict[str, Any]], Any], flat: dict[str, Any]) -> Any:
        try:
            return reader(self, flat)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            OverflowError,
            ArithmeticError,
            MemoryError,
            zlib.error,
        ) as error:
            return Described("unreadable", f"{next(iter(flat))}: {type(error).__name__}", flat=flat)

    # ------------------------------------------------------------------ tags

    def set_(self, flat: dict[str, Any]) -> set[Any]:
        return set(self.items(flat["py/set"]))

    def tuple_(self, flat: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(self.items(flat["py/tuple"]))

    def items(self, flat: Any) -> list[Any]:
        """Members of a tuple or set, whose list has no number."""
        if not isinstance(flat, list):
            raise TypeError("a list is expected")
        return [self.decode(item) for item in flat]

    def reference(self, flat: dict[str, Any]) -> Any:
        number = flat["py/id"]
        if self.ordered and type(number) is int and 0 <= number < len(self.met) and self.met[number] is not None:
            return self.met[number]
        return Described("reference", f"py/id {number}", flat=flat)

    def reduced(self, flat: dict[str, Any]) -> Any:
        place = len(self.met)
        self.met.append(None)
        made, args, *rest = [*flat["py/reduce"], None][:6]
        name = _called(made)
        values = _members(self.decode(args))
        others = [self.decode(item) for item in rest if item is not None]
        builder = _REDUCED.get(name)
        if builder is not None:
            found = builder(values, others)
        else:
            state = {k: v for item in others if isinstance(item, dict) for k, v in item.items()}
            found = Described("object", name, {"args": values, **state}, flat)
        self.met[place] = found
        return found

    def object_(self, flat: dict[str, Any]) -> Any:
        name = flat["py/object"]
        place = len(self.met)
        self.met.append(None)
        builder = _OBJECTS.get(name)
        if builder is not None:
            found = builder(self, flat)
        elif str(name).startswith(("numpy.", "pandas.")):
            from hallow.records import arrays

            found = arrays.restored(name, flat, self.decode)
            if found is NotImplemented:
                found = self.described(name, flat)
        else:
            found = self.described(name, flat)
        self.met[place] = found
        return found

    def described(self, name: str, flat: dict[str, Any]) -> Any:
        """A foreign object; a named tuple is a tuple still."""
        if "py/newargs" in flat and "py/seq" in flat:
            return tuple(self.items(flat["py/seq"]))
        fields = {self.key(key): self.decode(value) for key, value in flat.items() if not key.startswith("py/")}
        state = self.decode(flat.get("py/state"))
        if isinstance(state, dict):
            fields.update(state)
        elif state is not None:
            fields["args"] = state
        return Described("object", str(name), fields, flat)


def _called(made: Any) -> str:
    """The name of what a ``py/reduce`` wants to call."""
    return str(made.get("py/type") or made.get("py/function")) if isinstance(made, dict) else str(made)


def _members(args: Any) -> list[Any]:
    return list(args) if isinstance(args, tuple | list) else []


def _stands_for(kind: str, tag: str) -> Callable[[_Decoder, dict[str, Any]], Any]:
    return lambda decoder, flat: Described(kind, str(flat[tag]), flat=flat)


def _module(decoder: _Decoder, flat: dict[str, Any]) -> Any:
    return Described("module", str(flat["py/mod"]).partition("/")[0], flat=flat)


def _float(decoder: _Decoder, flat: dict[str, Any]) -> float:
    return float({"nan": "nan", "inf": "inf", "-inf": "-inf"}[flat["py/float"]])


# Looked through in this order: an object may have further tags inside.
_BY_TAG: dict[str, Callable[[_Decoder, dict[str, Any]], Any]] = {
    "py/tuple": _Decoder.tuple_,
    "py/object": _Decoder.object_,
    "py/reduce": _Decoder.reduced,
    "py/set": _Decoder.set_,
    "py/id": _Decoder.reference,
    "py/b64": lambda decoder, flat: b64decode(flat["py/b64"], validate=True),
    "py/float": _float,
    "py/type": _stands_for("class", "py/type"),
    "py/function": _stands_for("function", "py/function"),
    "py/mod": _module,
    "py/repr": _stands_for("unstorable", "py/repr"),
    "hallow/unstorable": _stands_for("unstorable", "hallow/unstorable"),
}


# ------------------------------------------------------------------------------------------- the allow-list


def _dated(name: str) -> Callable[[_Decoder, dict[str, Any]], Any]:
    """datetime, date and time from the bytes that their own pickling uses."""

    def build(decoder: _Decoder, flat: dict[str, Any]) -> Any:
        import datetime as dt

        _, (state, *zone) = flat["__reduce__"]
        zones = [decoder.decode(item) for item in zone]
        if any(not isinstance(tz, dt.tzinfo) for tz in zones):
            raise TypeError("not a time zone")
        return getattr(dt, name)(b64decode(state, validate=True), *zones)

    return build


def _complex(decoder: _Decoder, flat: dict[str, Any]) -> complex:
    real, imaginary = _members(decoder.decode(flat["py/newargs"]))
    return complex(_number(real), _number(imaginary))


def _number(value: Any) -> Any:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is not a number")
    return value


def _whole(values: list[Any]) -> list[int]:
    if any(not isinstance(value, int) for value in values):
        raise TypeError("whole numbers are expected")
    return values


def _uuid(decoder: _Decoder, flat: dict[str, Any]) -> Any:
    from uuid import UUID

    return UUID(hex=flat["hex"])


def _plain_dict(decoder: _Decoder, flat: dict[str, Any]) -> dict[Any, Any]:
    """A dict subclass whose entries stand beside its tags."""
    skipped = ("py/", "__dict__", "default_factory")
    return {decoder.key(k): decoder.decode(v) for k, v in flat.items() if not k.startswith(skipped)}


def _path(name: str) -> Callable[[list[Any], list[Any]], Any]:
    def build(args: list[Any], rest: list[Any]) -> Any:
        import os
        import pathlib

        native = "WindowsPath" if os.name == "nt" else "PosixPath"
        if name == native:
            return pathlib.Path(*args)
        return pathlib.PureWindowsPath(*args) if "Windows" in name else pathlib.PurePosixPath(*args)

    return build


def _timedelta(args: list[Any], rest: list[Any]) -> Any:
    from datetime import timedelta

    return timedelta(*_whole(args))


def _timezone(args: list[Any], rest: list[Any]) -> Any:
    from datetime import timezone

    return timezone(*args)


def _zone(args: list[Any], rest: list[Any]) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(args[0])


def _decimal(args: list[Any], rest: list[Any]) -> Any:
    from decimal import Decimal

    return Decimal(args[0])


def _fraction(args: list[Any], rest: list[Any]) -> Any:
    from fractions import Fraction

    # Older records have the text "1/3".
    return Fraction(args[0]) if len(args) == 1 else Fraction(*_whole(args))


def _pairs(args: list[Any], rest: list[Any]) -> dict[Any, Any]:
    """OrderedDict and its like: a list of pairs, as argument or as dict items at the end."""
    return {key: value for source in (*args, *rest) for key, value in source}


def _counter(args: list[Any], rest: list[Any]) -> dict[Any, Any]:
    return dict(args[0])


def _deque(args: list[Any], rest: list[Any]) -> Any:
    from collections import deque

    length = args[1] if len(args) > 1 else None
    return deque(rest[-1] if rest else args[0], maxlen=length)


def _nat(args: list[Any], rest: list[Any]) -> Any:
    from hallow.records import tables

    return tables.not_a_time()


_REDUCED: dict[str, Callable[[list[Any], list[Any]], Any]] = {
    "builtins.frozenset": lambda args, rest: frozenset(*args),
    "builtins.bytearray": lambda args, rest: bytearray(bytes(memoryview(args[0]))),
    "builtins.range": lambda args, rest: range(*_whole(args)),
    "builtins.slice": lambda args, rest: slice(*args),
    "collections.Counter": _counter,
    "collections.OrderedDict": _pairs,
    "collections.deque": _deque,
    "datetime.timedelta": _timedelta,
    "datetime.timezone": _timezone,
    "decimal.Decimal": _decimal,
    "fractions.Fraction": _fraction,
    "pandas._libs.tslibs.nattype._nat_unpickle": _nat,
    "zoneinfo.ZoneInfo": _zone,
    **{
        f"{module}.{name}": _path(name)
        for module in ("pathlib", "pathlib._local")
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    },
}

_OBJECTS: dict[str, Callable[[_Decoder, dict[str, Any]], Any]] = {
    "builtins.complex": _complex,
    "builtins.ellipsis": lambda decoder, flat: ...,
    "collections.OrderedDict": _plain_dict,
    "collections.defaultdict": _plain_dict,
    "datetime.date": _dated("date"),
    "datetime.datetime": _dated("datetime"),
    "datetime.time": _dated("time"),
    "uuid.UUID": _uuid,
}
