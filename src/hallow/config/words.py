# ruff: noqa: ARG001 - the converters of a table share one signature
"""Text given without quotes, read as the type of the entry that it replaces."""

from __future__ import annotations

import math
import sys
from enum import Enum
from typing import TYPE_CHECKING, Any

from hallow.config.values import simplified_type
from hallow.errors import ConfigTypeError
from hallow.records.updates import python_literal
from hallow.utils import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePath

    from hallow.records.updates import Word

#: What words say, in lower case.
TRUTH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
NOTHING = ("null", "none")
_SPECIAL = {
    **dict.fromkeys(NOTHING),
    "true": True,
    "false": False,
    "nan": math.nan,
    "inf": math.inf,
    "-inf": -math.inf,
}


def convert_word(word: Word, existing: Any, path: str) -> Any:
    """What an unquoted text means where ``existing`` stood before.

    ==================  ======================================================================================
    existing            accepted
    ==================  ======================================================================================
    bool                ``true``, ``yes``, ``on``, ``false``, ``no``, ``off``, in any case
    int, float          anything that reads as such a number, with ``nan``, ``inf``, ``-inf``
    None                ``null`` or ``none`` is None; ``true``, ``false``, ``nan``, ``inf`` likewise; else text
    list, tuple, set    members separated by commas, each a Python literal or text
    str                 everything
    path                everything
    enum member         another member, by name or value
    ==================  ======================================================================================

    Args:
        word: the text.
        existing: what the sources say.
        path: the entry's path, for messages.

    Raises:
        ConfigTypeError: for everything else, naming path, text, expected type and how to write a text.
    """
    for kind, convert in _kinds():
        if isinstance(existing, kind) or simplified_type(existing) is kind:
            try:
                return convert(word, existing)
            except (ValueError, TypeError):  # the latter for members of a set that are lists
                raise _refused(word, existing, path) from None
    raise _refused(word, existing, path)


def _refused(word: Word, existing: Any, path: str) -> ConfigTypeError:
    expected = simplified_type(existing).__name__
    choices = ""
    if isinstance(existing, Enum):
        names = [member.name for member in type(existing)]
        choices = f"{did_you_mean(word, names)} The choices are: {', '.join(names)}."
    return ConfigTypeError(
        f"{path}={word}: {str(word)!r} cannot be read as {expected}, the type of the present value "
        f"({_short(existing)}).{choices} To set a text nevertheless, quote it twice: '{path}=\"{word}\"'; for no value "
        f"write {path}=None",
        print_traceback=False,
    )


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except Exception:  # any foreign repr may raise
        return type(value).__name__
    return text if len(text) <= 60 else text[:57] + "..."


def _truth(word: Word, existing: Any) -> bool:
    if word.lower() not in TRUTH:
        raise ValueError(word)
    return TRUTH[word.lower()]


def _integer(word: Word, existing: Any) -> int | float:
    try:
        return int(word)
    except ValueError:
        return _real(word, existing)


def _real(word: Word, existing: Any) -> float:
    return float(word)


def _unknown(word: Word, existing: Any) -> Any:
    return _SPECIAL.get(word.lower(), str(word))


def _text(word: Word, existing: Any) -> str:
    return str(word)


def _path(word: Word, existing: PurePath) -> PurePath:
    return type(existing)(str(word))


def _member(word: Word, existing: Enum) -> Enum:
    members = list(type(existing))
    for same in (
        lambda member: member.name == word,
        lambda member: str(member.value) == word,
        lambda member: member.name.lower() == word.lower(),
    ):
        for member in members:
            if same(member):
                return member
    raise ValueError(word)


def _members(word: Word, existing: Any) -> Any:
    if "," not in word:
        raise ValueError(word)
    items = [literal(item.strip(), str) for item in word.removesuffix(",").split(",")]
    for kind in (tuple, set, frozenset):
        if isinstance(existing, kind):
            return kind(items)
    return items


def literal(text: str, otherwise: Callable[[str], Any]) -> Any:
    """The Python literal that a text is, else what ``otherwise`` makes of the text."""
    try:
        return python_literal(text)
    except ValueError:
        return otherwise(text)


def _kinds() -> Iterator[tuple[Any, Callable[[Word, Any], Any]]]:
    """In this order: an enum member may be a number or a text too, and a bool is an int."""
    yield Enum, _member
    pathlib = sys.modules.get("pathlib")  # where it is not loaded, there are no paths
    if pathlib is not None:
        yield pathlib.PurePath, _path
    yield from _BY_KIND


_BY_KIND: tuple[tuple[Any, Callable[[Word, Any], Any]], ...] = (
    (bool, _truth),
    (int, _integer),
    (float, _real),
    (type(None), _unknown),
    (str, _text),
    ((list, tuple, set, frozenset), _members),
)
