"""What counts as a scalar, and how those of foreign libraries become Python numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hallow.errors import LogValueError

__all__ = ["check_scalar", "described", "is_number", "plain_scalar"]


def plain_scalar(value: Any) -> Any:
    """Scalars of foreign libraries as Python numbers, their arrays as nested lists.

    Anything with ``.item()`` that holds one element is a scalar. Other objects, and values that resist, come back as
    they are. No library is imported.
    """
    numpy_view = getattr(value, "numpy", None)
    if not hasattr(value, "item") and callable(numpy_view):
        value = _attempt(numpy_view, value)
    if hasattr(value, "item"):
        scalar = _attempt(value.item, value)
        if scalar is not value:
            return scalar
    return _attempt(value.tolist, value) if hasattr(value, "tolist") else value


def _attempt(convert: Any, value: Any) -> Any:
    try:
        return convert()
    except Exception:  # whatever a foreign type raises, the value is kept
        return value


def is_number(value: Any) -> bool:
    """Whether a value (after :func:`plain_scalar`) is one real number: bool, int, float, Decimal and their like."""
    return hasattr(type(value), "__float__") or hasattr(type(value), "__index__")


def check_scalar(name: str, value: Any) -> Any:
    """The Python number for ``value``.

    Args:
        name: of the metric.
        value: any number, complex ones included, or anything with ``.item()`` that holds one.

    Raises:
        LogValueError: (a TypeError and ValueError) for everything else; says which call would take it.
    """
    plain = plain_scalar(value)
    # What resisted may be an array, whose type has __float__ for the case of one element.
    if isinstance(plain, complex) or (is_number(plain) and not hasattr(plain, "tolist")):
        return plain
    raise LogValueError(f"the metric {name!r} was given {described(value)}; {_advice(name, value, plain)}")


def described(value: Any) -> str:
    """A value for a message: the type, and the shape, the length or a short value."""
    kind = type(value)
    if value is None:
        return "None"
    label = kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__.partition('.')[0]}.{kind.__name__}"
    article = "an" if label[0] in "aeiouAEIOU" else "a"
    shape = getattr(value, "shape", None)
    if shape is not None and not callable(shape):
        return f"{article} {label} of shape {_shape(shape)}"
    if isinstance(value, str | bytes | int | float):
        text = repr(value)
        return f"{article} {label} ({text if len(text) <= 40 else text[:36] + '...'})"
    length = _attempt(value.__len__, None) if hasattr(kind, "__len__") else None
    return f"{article} {label}" if length is None else f"{article} {label} of length {length}"


def _shape(shape: Any) -> str:
    numbers = _attempt(lambda: tuple(int(length) for length in shape), None)
    return str(shape if numbers is None else numbers)


def _advice(name: str, value: Any, plain: Any) -> str:
    """The next move after a value that is no scalar."""
    one = "log_scalar takes one number"
    if isinstance(value, str | bytes):
        return f"{one}. Use log_text({name!r}, text) for text, float(text) if it spells a number"
    if hasattr(value, "savefig") or hasattr(value, "save"):
        return f"{one}. Use log_image({name!r}, image) for figures and images"
    if hasattr(value, "to_dict") and not isinstance(plain, list):
        return f"{one}. Use log_table({name!r}, table) for data frames"
    if isinstance(value, Mapping):
        return (
            f"{one}. Log each entry under a name of its own, such as {_first_entry(name, value)}, or use "
            f"log_table({name!r}, [entries])"
        )
    if isinstance(plain, list | tuple | set | frozenset):
        return (
            f"{one}. Log a number for each call, such as its mean, or use log_histogram({name!r}, values) for the "
            f"distribution, log_image for pixels, log_table for rows"
        )
    return f"{one}. For a missing value log float('nan')" if value is None else f"{one}, such as float(value)"


def _first_entry(name: str, value: Mapping[Any, Any]) -> str:
    key = next(iter(value), "key")
    return f"log_scalar({f'{name}.{key}'!r}, ...)"
