"""Typed configuration: a dataclass, pydantic model or TypedDict as a config source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hallow.config.dicts import ConfigDict
from hallow.config.schema import Schema

if TYPE_CHECKING:
    from hallow.config.summary import ConfigSummary


class TypedConfig:
    """The fields of a typed class, or of an object of one, as entries; their types are enforced.

    Attributes:
        declaration: the class or object.
        schema: its fields, types, defaults and documentation.
    """

    def __init__(self, declaration: Any) -> None:
        self.declaration = declaration
        self.schema = Schema.of(declaration)
        self.docs = self.schema.docs()
        cls = declaration if isinstance(declaration, type) else type(declaration)
        self.__name__ = cls.__name__
        self.__doc__ = None

    def __call__(self, fixed: Any = None, preset: Any = None, fallback: Any = None) -> ConfigSummary:
        """Evaluate; a required field is an entry as soon as something gives it a value."""
        source = ConfigDict(self.schema.defaults(), file=self.schema.file, line=self.schema.line)
        summary = source(fixed, preset, fallback)
        summary.added -= set(self.schema.paths())
        summary.docs.update(self.docs)
        return summary

    def __repr__(self) -> str:
        return f"<TypedConfig {self.__name__}>"
