"""Values in their stored form; decoding never makes objects of foreign classes."""

from __future__ import annotations

from typing import Any

from hallow.records.decoding import restore
from hallow.records.encoding import flatten
from hallow.records.jsonfile import dump_json, load_json

__all__ = ["flatten", "json", "restore"]


class json:  # noqa: N801 - jsonpickle is found under this name
    """Stored values as text."""

    @staticmethod
    def encode(value: Any, **_: Any) -> str:
        """Text of a value."""
        return dump_json(flatten(value), strict=False)

    @staticmethod
    def decode(text: str, **_: Any) -> Any:
        """The value of a text."""
        return restore(load_json(text))
