# ruff: noqa: ARG001, ARG005 - the encoders of a table share one signature
"""The JSON form of Python values, as stored in records and configuration files.

JSON values stand for themselves; everything else is a dict with a tag, in the form that jsonpickle gives it,
so that files of Sacred and of hallow look the same. Two tags are ours:

- ``{"py/float": "nan" | "inf" | "-inf"}`` in files that must be strict JSON (see :func:`tag_nonfinite`);
- ``{"hallow/unstorable": "<repr>"}`` in place of a value that cannot be stored.

Reading (:func:`restore`) is data only: nothing that a file names is imported or called.
"""

from __future__ import annotations

import math
import sys
from base64 import b64encode
from collections.abc import Callable, Mapping
from json import dumps
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from hallow.records.decoding import restore
from hallow.records.described import Described

__all__ = ["Described", "OnProblem", "flatten", "restore", "tag_nonfinite", "untag_nonfinite"]

#: Called with the path of a value that cannot be stored (``nested.bad``, ``l[0]``) and a sentence about it.
OnProblem = Callable[[str, str], None]

_ESCAPED = ("py/", "json://", "hallow/")
_LONGEST_REPR = 1000


def flatten(obj: Any, on_problem: OnProblem | None = None, *, path: str = "") -> Any:
    """The JSON form of ``obj``; shares no container with it.

    Numbers that are not finite stay floats (see :func:`tag_nonfinite`). numpy scalars and arrays without
    dimension become plain numbers. A list or dict that occurs twice is written twice. Iterators and open
    files are never read.

    Args:
        obj: any value.
        on_problem: told about every value that is replaced by its repr; without it a
            :class:`~hallow.errors.HallowWarning` is issued.
        path: how problems call ``obj`` itself, such as ``"info"``.
    """
    kind = type(obj)
    if kind in _PLAIN:
        return obj
    return _Encoder(on_problem or _warn, path).encode(obj)


def tag_nonfinite(flat: Any) -> Any:
    """A copy of JSON data in which nan and the infinities are written as ``{"py/float": "nan"}``."""
    if isinstance(flat, float):
        return flat if math.isfinite(flat) else {"py/float": repr(float(flat))}
    if isinstance(flat, dict):
        return {key: tag_nonfinite(value) for key, value in flat.items()}
    if isinstance(flat, list | tuple):
        return [tag_nonfinite(value) for value in flat]
    return flat


def untag_nonfinite(flat: Any) -> Any:
    """The reverse of :func:`tag_nonfinite`; other tags are left alone."""
    if isinstance(flat, dict):
        if flat.keys() == {"py/float"} and flat["py/float"] in ("nan", "inf", "-inf"):
            return float(flat["py/float"])
        return {key: untag_nonfinite(value) for key, value in flat.items()}
    if isinstance(flat, list):
        return [untag_nonfinite(value) for value in flat]
    return flat


def _warn(path: str, problem: str) -> None:
    import warnings

    from hallow.errors import HallowWarning

    warnings.warn(f"{path or 'value'}: {problem}", HallowWarning, stacklevel=5)


def safe_repr(obj: Any) -> str:
    """The repr, cut to a sane length; the name of the type if there is no repr."""
    try:
        text = repr(obj)
    except Exception:
        text = f"<{_name(type(obj))} object>"
    return text if len(text) <= _LONGEST_REPR else text[:_LONGEST_REPR] + "..."


def _name(thing: Any) -> str:
    """The import path of a class or function."""
    module = getattr(thing, "__module__", None) or "builtins"
    return f"{module}.{getattr(thing, '__qualname__', None) or getattr(thing, '__name__', '?')}"


def _reduced(type_name: str, *args: Any) -> dict[str, Any]:
    return {"py/reduce": [{"py/type": type_name}, {"py/tuple": list(args)}]}


class _UnstorableError(Exception):
    """The value at hand cannot be stored; the text says why."""


class _Encoder:
    """One call of :func:`flatten`: knows the way to the value at hand and the containers it lies in."""

    def __init__(self, on_problem: OnProblem, root: str) -> None:
        self.on_problem = on_problem
        self.root = root
        self.trail: list[Any] = []
        self.inside: set[int] = set()

    def encode(self, obj: Any) -> Any:
        kind = type(obj)
        if kind in _PLAIN:
            return obj
        try:
            encoder = _BY_TYPE.get(kind)
            return encoder(self, obj) if encoder is not None else self.other(obj)
        except _UnstorableError as error:
            return self.replaced(obj, str(error))
        except RecursionError:
            return self.replaced(obj, "is nested too deeply")
        except Exception as error:
            # The value's own code failed (a property, a __reduce__); the rest can still be stored.
            return self.replaced(obj, f"cannot be stored ({type(error).__name__}: {error})")

    def replaced(self, obj: Any, why: str) -> dict[str, str]:
        text = safe_repr(obj)
        self.on_problem(self.path(), f"{why}; its repr is stored instead: {text[:80]}")
        return {"hallow/unstorable": text}

    def path(self) -> str:
        shown = self.root
        for step in self.trail:
            if isinstance(step, str):
                shown = f"{shown}.{step}" if shown else step
            else:
                shown += f"[{step!r}]"
        return shown

    # ------------------------------------------------------------------ containers

    def children(self, container: Any, steps: Any) -> list[Any]:
        """The encoded members; ``steps`` gives (step of the path, member)."""
        if id(container) in self.inside:
            raise _UnstorableError("contains itself")
        self.inside.add(id(container))
        trail = self.trail
        depth = len(trail)
        found = []
        try:
            for step, member in steps:
                if type(member) in _PLAIN:
                    found.append(member)
                    continue
                trail.append(step)
                found.append(self.encode(member))
                trail.pop()
        finally:
            del trail[depth:]
            self.inside.discard(id(container))
        return found

    def list_(self, obj: Any) -> list[Any]:
        return self.children(obj, enumerate(obj))

    def mapping(self, obj: Mapping[Any, Any]) -> dict[str, Any]:
        # A snapshot: a thread of the user may add keys meanwhile.
        items = list(obj.items())
        return dict(zip([self.key(key) for key, _ in items], self.children(obj, items), strict=True))

    def key(self, key: Any) -> str:
        if type(key) is str and not key.startswith(_ESCAPED):
            return key
        return "json://" + dumps(self.encode(key))

    def tuple_(self, obj: Any) -> dict[str, Any]:
        if type(obj) is not tuple and hasattr(obj, "_fields"):
            members = self.children(obj, zip(obj._fields, obj, strict=True))
            return {
                "py/object": _name(type(obj)),
                "py/newargs": {"py/tuple": members},
                "py/seq": list(members),
            }
        return {"py/tuple": self.list_(obj)}

    def members(self, obj: Any) -> list[Any]:
        """The members of a set, in an order that is the same each time."""
        try:
            ordered = sorted(obj)
        except TypeError:
            ordered = sorted(obj, key=lambda member: (type(member).__name__, safe_repr(member)))
        return self.list_(ordered)

    # ------------------------------------------------------------------ everything else

    def other(self, obj: Any) -> Any:
        """A value whose exact type is not in the table."""
        enum = sys.modules.get("enum")
        if enum is not None and isinstance(obj, enum.Enum):
            return _reduced(_name(type(obj)), self.encode(obj.value))
        arrays = _arrays_of(obj)
        if arrays is not None:
            return arrays(obj, self.encode)
        for base, encoder in _BY_BASE:
            if isinstance(obj, base):
                return encoder(self, obj)
        return self.foreign(obj)

    def foreign(self, obj: Any) -> Any:
        kind = type(obj)
        if kind.__module__ == "_thread" or any(hasattr(kind, name) for name in _LIVE):
            raise _UnstorableError(f"is a {_name(kind)}, which reading would use up or disturb")
        for name, encoder in _BY_NAME.items():
            # Only a type whose module is loaded can have instances; nothing is imported to ask.
            base = _loaded(name)
            if base is not None and isinstance(obj, base):
                return encoder(self, obj)
        if hasattr(kind, "__dataclass_fields__"):
            return self.with_fields(
                obj, {name: getattr(obj, name) for name in kind.__dataclass_fields__ if hasattr(obj, name)}
            )
        if hasattr(obj, "__dict__") and (hasattr(kind, "model_fields") or _is_ordinary(kind)):
            return self.with_fields(obj, dict(vars(obj)))
        return _by_jsonpickle(obj)

    def with_fields(self, obj: Any, fields: dict[str, Any]) -> dict[str, Any]:
        """``py/object`` with attributes by name."""
        names = list(fields)
        values = self.children(obj, fields.items())
        return {"py/object": _name(type(obj)), **dict(zip(names, values, strict=True))}


def _is_ordinary(kind: type) -> bool:
    """Whether instances are described by their ``__dict__`` alone."""
    pickling = ("__reduce_ex__", "__reduce__", "__getstate__")
    return all(getattr(kind, name, None) is getattr(object, name, None) for name in pickling) and not any(
        getattr(base, "__slots__", ()) for base in kind.__mro__[:-1] if "__slots__" in vars(base)
    )


def _loaded(name: str) -> Any:
    module, _, attribute = name.rpartition(".")
    return getattr(sys.modules.get(module), attribute, None)


def _arrays_of(obj: Any) -> Callable[[Any, Callable[[Any], Any]], Any] | None:
    """The encoder for values of array libraries, which are imported only if the value is theirs."""
    if not any(base.__module__.partition(".")[0] in _ARRAY_LIBRARIES for base in type(obj).__mro__[:-1]):
        return None
    from hallow.records import arrays

    return arrays.encoder_for(obj)


def _by_jsonpickle(obj: Any) -> Any:
    """Objects with a way of their own to be pickled."""
    from jsonpickle.pickler import Pickler

    flat = Pickler(keys=True, make_refs=False, fail_safe=None).flatten(obj)
    state = [value for tag, value in flat.items() if tag != "py/object"] if isinstance(flat, dict) else []
    if not any(state):
        raise _UnstorableError(f"is a {_name(type(obj))}, which has no state that could be stored")
    dumps(flat)
    return flat


def _time(encoder: _Encoder, obj: Any) -> dict[str, Any]:
    """datetime, date and time: base64 of the state that their own pickling uses."""
    base: Any = next(kind for kind in type(obj).__mro__ if kind.__module__ == "datetime")
    state, *zone = base.__reduce_ex__(obj, 4)[1]
    name = f"datetime.{base.__name__}"
    args = [b64encode(state).decode("ascii"), *(_zone(encoder, obj, tz) for tz in zone)]
    return {"py/object": name, "__reduce__": [{"py/type": name}, args]}


def _zone(encoder: _Encoder, when: Any, tz: Any) -> Any:
    from datetime import timezone

    if type(tz) is timezone:
        return _reduced("datetime.timezone", encoder.encode(tz.utcoffset(None)))
    if type(tz).__module__.startswith("zoneinfo") and getattr(tz, "key", None):
        return _reduced("zoneinfo.ZoneInfo", tz.key)
    return _reduced("datetime.timezone", encoder.encode(when.utcoffset()))


def _path(encoder: _Encoder, obj: Any) -> dict[str, Any]:
    # The public module: Python 3.13 keeps the classes in a private one.
    base = next(kind for kind in type(obj).__mro__ if kind.__module__.partition(".")[0] == "pathlib")
    return _reduced(f"pathlib.{base.__name__}", *obj.parts)


def _module(encoder: _Encoder, obj: ModuleType) -> dict[str, str]:
    return {"py/mod": f"{obj.__name__}/{obj.__name__}"}


def _bytes(encoder: _Encoder, obj: Any) -> dict[str, str]:
    return {"py/b64": b64encode(obj).decode("ascii")}


def _described(encoder: _Encoder, obj: Described) -> Any:
    return obj.flat if obj.flat is not None else {"py/object": obj.name, **encoder.mapping(obj.fields)}


#: What iterators, open files and sockets, and things to be awaited have.
_LIVE = ("__next__", "fileno", "__await__")
_PLAIN = frozenset({str, int, float, bool, type(None)})
_ARRAY_LIBRARIES = frozenset({"numpy", "pandas", "torch", "jax", "jaxlib", "tensorflow"})

_BY_TYPE: dict[type, Callable[[_Encoder, Any], Any]] = {
    list: _Encoder.list_,
    dict: _Encoder.mapping,
    tuple: _Encoder.tuple_,
    set: lambda e, v: {"py/set": e.members(v)},
    frozenset: lambda e, v: _reduced("builtins.frozenset", e.members(v)),
    bytes: _bytes,
    bytearray: lambda e, v: _reduced("builtins.bytearray", _bytes(e, v)),
    complex: lambda e, v: {"py/object": "builtins.complex", "py/newargs": {"py/tuple": [v.real, v.imag]}},
    range: lambda e, v: _reduced("builtins.range", v.start, v.stop, v.step),
    type(...): lambda e, v: {"py/object": "builtins.ellipsis"},
    Described: _described,
}

_BY_BASE: tuple[tuple[Any, Callable[[_Encoder, Any], Any]], ...] = (
    (str, lambda e, v: str.__str__(v)),
    (int, lambda e, v: int(v)),
    (float, lambda e, v: float(v)),
    (type, lambda e, v: {"py/type": _name(v)}),
    ((FunctionType, BuiltinFunctionType, MethodType), lambda e, v: {"py/function": _name(v)}),
    (ModuleType, _module),
    (Mapping, _Encoder.mapping),
    (list, _Encoder.list_),
    (tuple, _Encoder.tuple_),
    (bytes, _bytes),
)

_BY_NAME: dict[str, Callable[[_Encoder, Any], Any]] = {
    "datetime.datetime": _time,
    "datetime.date": _time,
    "datetime.time": _time,
    "datetime.timedelta": lambda e, v: _reduced("datetime.timedelta", v.days, v.seconds, v.microseconds),
    "datetime.timezone": lambda e, v: _reduced("datetime.timezone", e.encode(v.utcoffset(None))),
    "zoneinfo.ZoneInfo": lambda e, v: _reduced("zoneinfo.ZoneInfo", v.key),
    "pathlib.PurePath": _path,
    "decimal.Decimal": lambda e, v: _reduced("decimal.Decimal", str(v)),
    "fractions.Fraction": lambda e, v: _reduced("fractions.Fraction", v.numerator, v.denominator),
    "uuid.UUID": lambda e, v: {"py/object": "uuid.UUID", "hex": v.hex},
}
