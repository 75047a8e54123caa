"""What annotations say, and how to say it in plain words."""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

LIMITS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "ge": (">=", lambda value, limit: value >= limit),
    "gt": (">", lambda value, limit: value > limit),
    "le": ("<=", lambda value, limit: value <= limit),
    "lt": ("<", lambda value, limit: value < limit),
}


def kind_of(cls: Any) -> str:
    """``"dataclass"``, ``"pydantic"``, ``"typeddict"``, or ``""`` for anything else."""
    if not isinstance(cls, type):
        return ""
    if "__dataclass_fields__" in dir(cls):
        return "dataclass"
    pydantic = sys.modules.get("pydantic")
    if pydantic is not None and issubclass(cls, pydantic.BaseModel):
        return "pydantic"
    return "typeddict" if issubclass(cls, dict) and hasattr(cls, "__required_keys__") else ""


def bare(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without its wrappers, and what ``Annotated`` has said about it."""
    notes: tuple[Any, ...] = ()
    while True:
        origin = typing.get_origin(annotation)
        if hasattr(annotation, "__metadata__"):
            notes += annotation.__metadata__
            annotation = annotation.__origin__
        elif getattr(origin, "_name", None) in ("Final", "ClassVar", "Required", "NotRequired", "ReadOnly"):
            annotation = typing.get_args(annotation)[0]
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":
            annotation = annotation.__value__
        else:
            return annotation, notes


def is_union(annotation: Any) -> bool:
    """Whether the annotation is ``X | Y``, ``Union`` or ``Optional``."""
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


def limits_of(notes: Iterable[Any]) -> str:
    """The limits among the notes of an annotation, like ``" > 0 and <= 1"``."""
    said = [
        f"{sign} {getattr(note, name)}"
        for note in notes
        for name, (sign, _) in LIMITS.items()
        if getattr(note, name, None) is not None
    ]
    return " " + " and ".join(said) if said else ""


_PLAIN = {
    bool: "True or False (bool)",
    int: "a whole number (int)",
    float: "a number (float)",
    complex: "a complex number",
    str: "a text (str)",
    bytes: "bytes",
    types.NoneType: "None",
    None: "None",
    list: "a list",
    tuple: "a tuple",
    set: "a set",
    dict: "a dict",
    Any: "anything",
}


def describe(annotation: Any) -> str:
    """What an annotation asks for, in plain words."""
    annotation, notes = bare(annotation)
    return _described(annotation) + limits_of(notes)


def _described(annotation: Any) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if is_union(annotation):
        return " or ".join(describe(arg) for arg in args)
    if origin is typing.Literal:
        return "one of " + ", ".join(map(repr, args))
    if origin is None:
        try:
            if annotation in _PLAIN:
                return _PLAIN[annotation]
        except TypeError:
            return str(annotation)
    if isinstance(origin, type) and args:
        return _container(origin, args)
    return _class(annotation)


def _container(origin: type, args: tuple[Any, ...]) -> str:
    if issubclass(origin, tuple) and args[-1] is not ...:
        return f"a tuple of {len(args)}: " + "; ".join(describe(arg) for arg in args)
    if issubclass(origin, Mapping) and len(args) == 2:
        return f"a dict whose values are each {describe(args[1])}"
    name = _PLAIN.get(origin, f"a {origin.__name__}")
    return f"{name} whose members are each {describe(args[0])}" if args[0] is not Any else name


def _class(annotation: Any) -> str:
    if not isinstance(annotation, type):
        return str(annotation)
    members = getattr(annotation, "__members__", None)
    if members:
        return f"one of {', '.join(members)} ({annotation.__name__})"
    if any(base.__module__.partition(".")[0] == "pathlib" for base in annotation.__mro__):
        return f"a path ({annotation.__name__})"
    if kind_of(annotation):
        return f"a dict with the entries of {annotation.__name__}"
    return f"of type {annotation.__name__}"


def holds_class(annotation: Any) -> bool:
    """Whether the annotation is a declared structure or has one inside."""
    annotation = bare(annotation)[0]
    return bool(kind_of(annotation)) or any(map(holds_class, typing.get_args(annotation)))


def may_be_absent(name: str, hint: Any, cls: Any) -> bool:
    """Whether a key of the TypedDict ``cls`` may be left out."""
    # The class itself does not see marks in annotations that are text.
    mark = getattr(typing.get_origin(hint), "_name", None)
    return mark == "NotRequired" or (mark != "Required" and name not in cls.__required_keys__)


def takes_any_key(annotation: Any) -> bool:
    """Whether the annotation is, or can be, a dict without declared keys."""
    annotation = bare(annotation)[0]
    if is_union(annotation):
        return any(map(takes_any_key, typing.get_args(annotation)))
    origin = typing.get_origin(annotation) or annotation
    return isinstance(origin, type) and issubclass(origin, Mapping) and not kind_of(origin)
