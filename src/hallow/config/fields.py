"""One declared entry, and where it is declared."""

from __future__ import annotations

import typing
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hallow.config.fieldnotes import field_notes
from hallow.config.trees import Marker
from hallow.config.wording import bare, is_union, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hallow.config.schema import Schema


#: The default of a field that must be given a value.
REQUIRED: Any = Marker("REQUIRED")


#: The default of a field whose default stands elsewhere, or that may be left out.
UNDECLARED: Any = Marker("UNDECLARED")


@dataclass(frozen=True)
class Field:
    """One declared entry.

    Attributes:
        annotation: its type.
        default: its value, :data:`REQUIRED` or :data:`UNDECLARED`.
        doc: what it means.
        file: where it is declared.
        line: counted from 1.
        by_pydantic: whether pydantic converts its values.
    """

    annotation: Any = Any
    default: Any = UNDECLARED
    doc: str = ""
    file: str | None = None
    line: int | None = None
    by_pydantic: bool = False

    @cached_property
    def structure(self) -> Schema | None:
        """The fields below this one, if its type is a declared structure or one or ``None``."""
        from hallow.config.schema import Schema

        annotation = bare(self.annotation)[0]
        choices = typing.get_args(annotation) if is_union(annotation) else (annotation,)
        classes = [cls for cls in (bare(choice)[0] for choice in choices) if kind_of(cls)]
        return Schema.of(classes[0]) if len(classes) == 1 else None

    @property
    def is_optional(self) -> bool:
        """Whether ``None`` can stand in the place of the structure."""
        return is_union(bare(self.annotation)[0])


@dataclass(frozen=True)
class Source:
    """Where a class is defined, and what its source says about its fields."""

    file: str | None
    line: int | None
    lines: Mapping[str, int]
    docs: Mapping[str, str]

    def field(self, name: str, annotation: Any, default: Any, doc: str = "") -> Field:
        """A field of the class, with what its source says about it."""
        return Field(annotation, default, doc or self.docs.get(name, ""), self.file, self.lines.get(name))


def source_of(cls: type) -> Source:
    """Comments and docstrings of fields, read once per class from its source; empty if there is no source."""
    file, line, lines, docs = field_notes(cls)
    return Source(file, line, lines, docs)
