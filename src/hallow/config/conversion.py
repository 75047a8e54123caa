"""Values checked against types, and converted where nothing is lost."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hallow.config.wording import LIMITS, bare, describe, is_union, kind_of, limits_of
from hallow.config.words import NOTHING, TRUTH, literal
from hallow.errors import ConfigTypeError
from hallow.records.described import Described
from hallow.records.updates import Append, Word
from hallow.utils import did_you_mean, join_paths

__all__ = ["Range", "convert", "describe", "is_config_class"]


@dataclass(frozen=True)
class Range:
    """Limits of a number in an annotation: ``lr: Annotated[float, Range(gt=0, le=1)]``.

    Attributes:
        ge: greater than or equal to.
        gt: greater than.
        le: less than or equal to.
        lt: less than.
    """

    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None


def is_config_class(obj: Any) -> bool:
    """Whether ``obj`` is a dataclass or pydantic model, an instance of one, or a TypedDict class."""
    kind = kind_of(obj if isinstance(obj, type) else type(obj))
    return bool(kind) and (kind != "typeddict" or isinstance(obj, type))


def convert(value: Any, annotation: Any, path: str = "") -> Any:
    """``value`` as the annotation wants it.

    A whole number is a float and a float without fraction is an int; text becomes a path or an enum member;
    lists, tuples and sets become each other, their members are converted. Text is read as a number or as true
    or false only if it is a :class:`~hallow.records.updates.Word`. A dataclass, TypedDict or pydantic model
    takes a mapping, and the result is a plain dict. Requests to extend a list or change its elements are
    converted member by member.

    Args:
        value: anything.
        annotation: a type as written in an annotation; what is not understood accepts every value.
        path: where the value stands, for messages.

    Raises:
        ConfigTypeError: naming path, value, what was expected, and the nearest choice.
        ConfigKeyError: on a key that a declared structure does not have.
    """
    annotation, notes = bare(annotation)
    converted = _converted(value, annotation, path)
    for note in notes:
        _check_limits(converted, note, annotation, notes, path)
    return converted


def _converted(value: Any, annotation: Any, path: str) -> Any:
    if annotation is Any or annotation is object:
        return value
    if annotation is None:
        annotation = types.NoneType
    origin = typing.get_origin(annotation) or annotation
    if is_union(annotation):
        return _one_of(value, annotation, path)
    if origin is typing.Literal:
        return _choice(value, annotation, path)
    if not isinstance(origin, type):
        return value
    if kind_of(origin):
        return _structure(value, origin, path)
    for bases, converter in _converters():
        if issubclass(origin, bases):
            return converter(value, annotation, path)
    return _instance(value, annotation, path)


def refused(value: Any, annotation: Any, path: str, hint: str = "") -> ConfigTypeError:
    """The error for a value that is not what the annotation wants."""
    where = f"{path}: " if path else ""
    plain = str(value) if isinstance(value, Word) else value
    quoting = ""
    if path and bare(annotation)[0] is str and not isinstance(value, str):
        quoting = f" (for text, write '{path}=\"{value}\"')"
    return ConfigTypeError(f"{where}{plain!r} is not {describe(annotation)}.{hint}{quoting}", print_traceback=False)


def _check_limits(value: Any, note: Any, annotation: Any, notes: tuple[Any, ...], path: str) -> None:
    for name, (_, holds) in LIMITS.items():
        limit = getattr(note, name, None)
        if limit is None or value is None or isinstance(value, Append):
            continue
        try:
            inside = bool(holds(value, limit))
        except Exception:
            inside = False
        if not inside:
            where = f"{path}: " if path else ""
            raise ConfigTypeError(
                f"{where}{value!r} is not {describe(annotation)}{limits_of(notes)}.", print_traceback=False
            )


# -------------------------------------------------------------------------------------------------- scalars


def _none(value: Any, annotation: Any, path: str) -> None:
    if value is None or (isinstance(value, Word) and value.lower() in NOTHING):
        return
    raise refused(value, annotation, path)


def _bool(value: Any, annotation: Any, path: str) -> bool:
    if _is_truth(value):
        return bool(value)
    if isinstance(value, Word) and value.lower() in TRUTH:
        return TRUTH[value.lower()]
    raise refused(value, annotation, path)


def _is_truth(value: Any) -> bool:
    """Python's and numpy's truth values."""
    return type(value).__name__ in ("bool", "bool_")


def _is_number(value: Any) -> bool:
    """Python's and numpy's numbers, but no truth value."""
    return (
        hasattr(value, "__float__")
        and not isinstance(value, str | bytes)
        and not _is_truth(value)
        and not hasattr(value, "__len__")
    )


def _int(value: Any, annotation: Any, path: str) -> int:
    try:
        if isinstance(value, Word):
            return int(value)
        if _is_number(value) and int(value) == value:
            return int(value)
    except (ValueError, OverflowError, TypeError):
        pass
    raise refused(value, annotation, path)


def _float(value: Any, annotation: Any, path: str) -> float:
    try:
        if isinstance(value, Word) or _is_number(value):
            return float(value)
    except (ValueError, OverflowError, TypeError):
        pass
    raise refused(value, annotation, path)


def _complex(value: Any, annotation: Any, path: str) -> complex:
    try:
        if isinstance(value, Word | complex) or _is_number(value):
            return complex(value)
    except (ValueError, OverflowError):
        pass
    raise refused(value, annotation, path)


def _str(value: Any, annotation: Any, path: str) -> str:
    if isinstance(value, Word):
        return str(value)
    checked: str = _instance(value, annotation, path)
    return str(checked) if type(checked).__module__ == "numpy" else checked


def _instance(value: Any, annotation: Any, path: str) -> Any:
    origin = typing.get_origin(annotation) or annotation
    if not isinstance(value, origin):
        raise refused(value, annotation, path)
    return str(value) if isinstance(value, Word) else value


def _by_text(value: Any, annotation: Any, path: str) -> Any:
    """Types that can be made from text."""
    if isinstance(value, annotation):
        return value
    maker = getattr(annotation, "fromisoformat", annotation)
    if isinstance(value, str) or (hasattr(annotation, "__float__") and _is_number(value)):
        try:
            return maker(str(value))
        except (ValueError, ArithmeticError):
            pass
    raise refused(value, annotation, path)


def _enum(value: Any, annotation: Any, path: str) -> Any:
    if isinstance(value, annotation):
        return value
    if isinstance(value, Described) and value.name.endswith(f".{annotation.__qualname__}"):
        # As a saved configuration has it.
        value = next(iter(value.fields.get("args", ())), value)
    if isinstance(value, str) and value in annotation.__members__:
        return annotation[value]
    for member in annotation:
        if _same(member.value, value) or (isinstance(value, Word) and str(member.value) == value):
            return member
    raise refused(value, annotation, path, did_you_mean(str(value), annotation.__members__, "{!r}"))


def _choice(value: Any, annotation: Any, path: str) -> Any:
    choices = typing.get_args(annotation)
    for choice in choices:
        if _same(choice, value):
            return choice
    if isinstance(value, Word):
        spelt = {str(choice).lower(): choice for choice in choices if not isinstance(choice, str)}
        if value.lower() in spelt:
            return spelt[value.lower()]
    raise refused(value, annotation, path, did_you_mean(str(value), map(str, choices), "{!r}"))


def _same(choice: Any, value: Any) -> bool:
    """Equal, and not only because ``True == 1``."""
    try:
        return bool(choice == value) and isinstance(choice, bool) == isinstance(value, bool)
    except Exception:
        return False


def _one_of(value: Any, annotation: Any, path: str) -> Any:
    """The alternative that takes the value as it is, else the first it can be converted to, text last."""
    results: list[tuple[bool, bool, Any]] = []
    problem: ConfigTypeError | None = None
    for alternative in typing.get_args(annotation):
        try:
            result = convert(value, alternative, path)
        except ConfigTypeError as error:
            # With one real alternative beside None, its own message says more.
            problem = error if bare(alternative)[0] is not types.NoneType else problem
            continue
        changed = type(result) is not type(value)
        results.append((changed, alternative is str, result))
    if results:
        return min(results, key=lambda found: found[:2])[2]
    real = [a for a in typing.get_args(annotation) if a is not types.NoneType]
    raise (problem if problem and len(real) == 1 and kind_of(bare(real[0])[0]) else refused(value, annotation, path))


# ----------------------------------------------------------------------------------------------- containers


def _split(value: Any) -> Any:
    """``a,b`` written without brackets."""
    if not isinstance(value, Word) or "," not in value:
        return value
    return [literal(part.strip(), Word) for part in value.split(",") if part.strip()]


def _is_index_update(value: Any) -> bool:
    """``{"0": ...}``: new values for some elements."""
    return isinstance(value, dict) and bool(value) and all(str(key).lstrip("-").isdigit() for key in value)


def _sequence(value: Any, annotation: Any, path: str) -> Any:
    origin = typing.get_origin(annotation) or annotation
    member = (typing.get_args(annotation) or (Any,))[0]
    if isinstance(value, Append):
        return Append([convert(item, member, f"{path}+") for item in value.items])
    if _is_index_update(value):
        return {key: convert(item, member, f"{path}[{key}]") for key, item in value.items()}
    value = _split(value)
    if not isinstance(value, list | tuple | set | frozenset):
        raise refused(value, annotation, path)
    converted = [convert(item, member, f"{path}[{number}]") for number, item in enumerate(value)]
    if issubclass(origin, set | frozenset):
        return _hashed(converted, origin, value, annotation, path)
    return converted


def _hashed(converted: list[Any], origin: type, value: Any, annotation: Any, path: str) -> Any:
    try:
        return origin(converted)
    except TypeError:
        raise refused(value, annotation, path, " (Lists and dicts cannot be members.)") from None


def _tuple(value: Any, annotation: Any, path: str) -> Any:
    types_ = typing.get_args(annotation)
    if isinstance(value, Append) or _is_index_update(value):
        return _sequence(value, list[types_[0]] if len(types_) == 2 and types_[1] is ... else list, path)  # type: ignore[valid-type]
    value = _split(value)
    if not isinstance(value, list | tuple):
        raise refused(value, annotation, path)
    if hasattr(annotation, "_fields"):
        return value if isinstance(value, annotation) else annotation(*value)
    if not types_ and typing.get_origin(annotation) is None:
        return tuple(value)
    if len(types_) == 2 and types_[1] is ...:
        types_ = (types_[0],) * len(value)
    if len(types_) != len(value):
        raise refused(value, annotation, path, f" It has {len(value)} members, not {len(types_)}.")
    return tuple(convert(item, t, f"{path}[{n}]") for n, (item, t) in enumerate(zip(value, types_, strict=True)))


def _mapping(value: Any, annotation: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        raise refused(value, annotation, path)
    key_type, member = typing.get_args(annotation) or (Any, Any)
    converted = {}
    for key, item in value.items():
        # In a dotted path every key is text.
        spelt = Word(key) if isinstance(key, str) and key_type not in (Any, str) else key
        converted[convert(spelt, key_type, join_paths(path, key))] = convert(item, member, join_paths(path, key))
    return converted


def _structure(value: Any, cls: type, path: str) -> Any:
    from hallow.config.schema import Schema

    schema = Schema.of(cls)
    if isinstance(value, Described):
        value = value.fields
    elif isinstance(value, cls) and not isinstance(value, Mapping):
        value = Schema.of(value).defaults()
    if not isinstance(value, Mapping):
        raise refused(value, cls, path)
    return schema.convert(value, path, closed=True)


@cache
def _converters() -> list[tuple[Any, Callable[[Any, Any, str], Any]]]:
    """Converter by base class, in the order in which they are looked through."""
    import collections.abc as abc
    from datetime import date, time
    from decimal import Decimal
    from enum import Enum
    from fractions import Fraction
    from pathlib import PurePath
    from uuid import UUID

    return [
        (types.NoneType, _none),
        (Enum, _enum),
        (bool, _bool),
        (int, _int),
        (float, _float),
        (complex, _complex),
        (str, _str),
        (bytes, _instance),
        ((PurePath, date, time, Decimal, Fraction, UUID), _by_text),
        (tuple, _tuple),
        ((list, set, frozenset), _sequence),
        (dict, _mapping),
        (abc.Mapping, _mapping),
        (abc.Set, _instance),
        (abc.Sequence, _sequence),
    ]
