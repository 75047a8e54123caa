"""Flat values in BSON, and back.

Four things that :func:`~hallow.records.encoding.flatten` gives do not fit into BSON, or not into every server:

- a key that is empty, begins with ``$``, or contains a dot, a NUL or half a surrogate pair is written as
  ``hallow/key/...``, where each of ``%``, ``.``, ``$``, NUL and the halves is ``%`` and four hexadecimal digits of its
  code point;
- a whole number beyond 64 bits, a text with half a surrogate pair, and what is nested more than 80 levels deep is
  ``{"hallow/json": <JSON text>}``;
- what is too large for its document is ``{"hallow/elsewhere": {"key", "parts"}}``, see
  :mod:`hallow.backends.mongo.large`.

Keys of users that begin with ``hallow/`` are escaped by ``flatten`` already, so none of these can be mistaken.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from typing import Any

__all__ = ["ELSEWHERE", "Load", "from_bson", "key_from_bson", "key_to_bson", "to_bson"]

#: Gives the value that a ``hallow/elsewhere`` stands for.
Load = Callable[[Any], Any]

ELSEWHERE = "hallow/elsewhere"
_JSON = "hallow/json"
_KEY = "hallow/key/"
# A server takes 100 levels, with those around the value.
_DEEPEST = 80
_UNSAFE = re.compile("[%.$\0\ud800-\udfff]")
_ESCAPED = re.compile("%([0-9A-F]{4})")
_PLAIN = frozenset({str, int, float, bool, type(None), datetime})


def to_bson(flat: Any, depth: int = 0) -> Any:
    """The form of a flat value in a document; a copy. Times and ObjectIds among the values stay as they are."""
    if isinstance(flat, dict):
        if depth == _DEEPEST:
            return _as_json(flat)
        return {key_to_bson(key): to_bson(value, depth + 1) for key, value in flat.items()}
    if isinstance(flat, list | tuple):
        return _as_json(flat) if depth == _DEEPEST else [to_bson(value, depth + 1) for value in flat]
    if isinstance(flat, str):
        return flat if _is_text(flat) else _as_json(flat)
    if type(flat) is int and not -(1 << 63) <= flat < 1 << 63:
        return _as_json(flat)
    return flat


def from_bson(stored: Any, load: Load | None = None) -> Any:
    """The flat value that a document has; also of documents that are not ours.

    Args:
        stored: as the driver gives it.
        load: for what is elsewhere; without it, that is left as it is.
    """
    if type(stored) in _PLAIN:
        return stored
    if isinstance(stored, dict):
        if len(stored) == 1:
            if _JSON in stored:
                return _from_json(stored)
            if ELSEWHERE in stored and load is not None:
                return load(stored[ELSEWHERE])
        return {key_from_bson(key): from_bson(value, load) for key, value in stored.items()}
    if isinstance(stored, list):
        return [from_bson(value, load) for value in stored]
    return _foreign(stored)


def key_to_bson(key: str) -> str:
    """The form of a key."""
    if key and key[0] != "$" and "." not in key and "\0" not in key and _is_text(key):
        return key
    return _KEY + _UNSAFE.sub(lambda found: f"%{ord(found[0]):04X}", key)


def key_from_bson(key: str) -> str:
    """The key that a document has."""
    if not key.startswith(_KEY):
        return key
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), key.removeprefix(_KEY))


def _is_text(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_json(flat: Any) -> dict[str, str]:
    return {_JSON: json.dumps(flat)}


def _from_json(stored: dict[str, Any]) -> Any:
    try:
        return json.loads(stored[_JSON])
    except (TypeError, ValueError, RecursionError):  # not ours, or damaged
        return stored


def _foreign(value: Any) -> Any:
    """A value of a type that only BSON has, as near to it as JSON can be."""
    for base in (bool, int, float, str):
        if isinstance(value, base):
            return base(value)
    if isinstance(value, bytes):
        return {"py/b64": b64encode(value).decode("ascii")}
    kind = type(value).__name__
    if kind == "Decimal128":
        return {"py/reduce": [{"py/type": "decimal.Decimal"}, {"py/tuple": [str(value)]}]}
    return int(value) if kind == "DatetimeMS" else str(value)
