"""Objects as a record tells of them: name and fields, without the class."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Described", "descriptions"]


@dataclass(frozen=True)
class Described:
    """Something that a record names but that reading does not bring back to life.

    Reading a record never imports a module and never calls what the record names, so instances of foreign
    classes, functions, classes and modules come back as descriptions.

    Attributes:
        kind: ``"object"``, ``"function"``, ``"class"``, ``"module"``, ``"reference"`` (to another part of
            the record that cannot be found), ``"unreadable"`` (a tag without sense) or ``"unstorable"`` (only
            the repr was recorded).
        name: import path, such as ``"models.ResNet"``; for unstorable values the repr.
        fields: attributes by name; what a constructor was given stands under ``"args"``.
        flat: what was stored, unchanged; :func:`hallow.records.encoding.flatten` writes it again.
    """

    kind: str
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    flat: Any = field(default=None, compare=False, repr=False)

    def __repr__(self) -> str:
        if self.kind != "object":
            return self.name if self.kind == "unstorable" else f"<{self.kind} {self.name}>"
        args = self.fields.get("args", ())
        positional = [repr(value) for value in (args if isinstance(args, list | tuple) else [args])]
        named = [f"{key}={value!r}" for key, value in self.fields.items() if key != "args"]
        return f"{self.name}({', '.join(positional + named)})"

    def __hash__(self) -> int:
        return hash((self.kind, self.name))

    @property
    def is_call(self) -> bool:
        """Whether it stands for what a function would return; classes, which make objects, are no functions."""
        called = self.flat.get("py/reduce") if isinstance(self.flat, dict) else None
        made = called[0] if isinstance(called, list) and called else None
        return isinstance(made, dict) and "py/function" in made


def descriptions(value: Any) -> Iterator[Described]:
    """Every description in a value, also inside of containers, of their keys, and of other descriptions."""
    if isinstance(value, Described):
        yield value
        value = value.fields
    if isinstance(value, dict):
        value = [*value, *value.values()]
    elif not isinstance(value, list | tuple | set | frozenset):
        return
    for item in value:
        yield from descriptions(item)
