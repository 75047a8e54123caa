"""What is declared about entries: types, defaults, what is required, documentation."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import MISSING, replace
from dataclasses import fields as dataclass_fields
from typing import Any

from hallow.config.conversion import Range, convert, is_config_class
from hallow.config.fieldnotes import evaluated_annotations
from hallow.config.fields import REQUIRED, UNDECLARED, Field, source_of
from hallow.config.models import build_model, convert_by_pydantic
from hallow.config.wording import bare, describe, holds_class, is_union, kind_of, may_be_absent, takes_any_key
from hallow.errors import ConfigError, ConfigKeyError
from hallow.utils import did_you_mean, join_paths

__all__ = ["REQUIRED", "UNDECLARED", "Field", "Range", "Schema", "convert", "describe", "is_config_class"]


class Schema:
    """Declared entries of a configuration.

    Attributes:
        fields: by name.
        cls: the class that declares them, or ``None``.
        classes: all classes that were merged into this schema.
        file: where they are declared.
        line: counted from 1.
    """

    def __init__(
        self,
        fields: Mapping[str, Field],
        cls: type | None = None,
        file: str | None = None,
        line: int | None = None,
    ) -> None:
        self.fields = dict(fields)
        self.cls = cls
        self.classes: tuple[type, ...] = (cls,) if cls is not None else ()
        self.file = file
        self.line = line

    # ------------------------------------------------------------------ making

    @classmethod
    def of(cls, declaration: Any) -> Schema:
        """The schema of a dataclass, pydantic model or TypedDict; the values of an instance are the defaults.

        Raises:
            TypeError: for anything else.
        """
        kind = kind_of(declaration if isinstance(declaration, type) else type(declaration))
        if kind == "dataclass":
            return cls.from_dataclass(declaration)
        if kind == "pydantic":
            return cls.from_pydantic(declaration)
        if kind == "typeddict":
            return cls.from_typeddict(declaration)
        raise TypeError(f"{declaration!r} is no dataclass, TypedDict or pydantic model")

    @classmethod
    def from_annotations(
        cls,
        annotations: Mapping[str, Any],
        required: Iterable[str] = (),
        *,
        file: str | None = None,
        lines: Mapping[str, int] | None = None,
    ) -> Schema:
        """Types of entries whose values come from somewhere else.

        Args:
            annotations: type by name.
            required: names that must be given a value.
            file: where they are declared.
            lines: line by name.
        """
        names = list(dict.fromkeys([*annotations, *required]))
        needed, lines = set(required), lines or {}
        return cls(
            {
                name: Field(
                    annotations.get(name, Any),
                    REQUIRED if name in needed else UNDECLARED,
                    file=file,
                    line=_line(lines.get(name)),
                )
                for name in names
            },
            file=file,
        )

    @classmethod
    def from_dataclass(cls, declaration: Any) -> Schema:
        """The init fields of a dataclass; values of an instance are the defaults."""
        owner = declaration if isinstance(declaration, type) else type(declaration)
        hints, source = evaluated_annotations(owner), source_of(owner)
        found = {}
        for item in dataclass_fields(declaration):
            if not item.init:
                continue
            if owner is not declaration:
                default = getattr(declaration, item.name)
            elif item.default_factory is not MISSING:
                default = item.default_factory()
            else:
                default = REQUIRED if item.default is MISSING else item.default
            doc = item.metadata.get("doc") or item.metadata.get("help") or ""
            found[item.name] = source.field(item.name, hints.get(item.name, Any), default, doc)
        return cls(found, owner, source.file, source.line)

    @classmethod
    def from_typeddict(cls, declaration: Any) -> Schema:
        """The keys of a TypedDict; those that may be left out have no default."""
        hints, source = evaluated_annotations(declaration), source_of(declaration)
        found = {
            name: source.field(name, hint, UNDECLARED if may_be_absent(name, hint, declaration) else REQUIRED)
            for name, hint in hints.items()
        }
        return cls(found, declaration, source.file, source.line)

    @classmethod
    def from_pydantic(cls, declaration: Any) -> Schema:
        """The fields of a pydantic model; values of an instance are the defaults."""
        owner: Any = declaration if isinstance(declaration, type) else type(declaration)
        source = source_of(owner)
        found = {}
        for name, info in owner.model_fields.items():
            annotation = info.annotation
            for note in info.metadata:
                annotation = typing.Annotated[annotation, note]
            if owner is not declaration:
                default = getattr(declaration, name)
            else:
                default = REQUIRED if info.is_required() else info.get_default(call_default_factory=True)
            made = source.field(name, annotation, default, info.description or "")
            found[name] = replace(made, by_pydantic=made.structure is None)
        return cls(found, owner, source.file, source.line)

    def merge(self, other: Schema) -> Schema:
        """A schema with the fields of both; those of ``other`` win."""
        merged = Schema({**self.fields, **other.fields}, file=self.file, line=self.line)
        merged.classes = (*self.classes, *other.classes)
        merged.cls = merged.classes[0] if len(merged.classes) == 1 else None
        return merged

    @staticmethod
    def merged(schemas: Iterable[Schema]) -> Schema | None:
        """All schemas as one, later ones winning; ``None`` if there are none."""
        found: Schema | None = None
        for schema in schemas:
            found = schema if found is None else found.merge(schema)
        return found

    # ------------------------------------------------------------------ asking

    def defaults(self) -> dict[str, Any]:
        """A new nested dict of plain values; what is required or has its default elsewhere is left out."""
        found = {}
        for name, field in self.fields.items():
            structure = field.structure
            if structure is not None and not (field.is_optional and field.default is not REQUIRED):
                given = {} if field.default in (REQUIRED, UNDECLARED) else _plain(field.default)
                if field.default is not UNDECLARED:
                    found[name] = {**structure.defaults(), **given}
            elif field.default is not REQUIRED and field.default is not UNDECLARED:
                found[name] = _plain(field.default)
        return found

    def docs(self) -> dict[str, str]:
        """Documentation by dotted path, of the fields that have some."""
        return {path: field.doc for path, field in self.walk() if field.doc}

    def paths(self) -> list[str]:
        """The dotted paths of all fields at every depth."""
        return [path for path, _ in self.walk()]

    def walk(self, prefix: str = "", inside: tuple[type | None, ...] = ()) -> Iterator[tuple[str, Field]]:
        """``(dotted path, field)`` at every depth; a class that holds itself is entered once."""
        for name, field in self.fields.items():
            path = join_paths(prefix, name)
            yield path, field
            structure = field.structure
            if structure is not None and structure.cls not in (*inside, self.cls):
                yield from structure.walk(path, (*inside, self.cls))

    def field_at(self, path: str) -> Field | None:
        """The field at a dotted path."""
        first, _, rest = path.partition(".")
        field = self.fields.get(first)
        if field is None or not rest:
            return field
        structure = field.structure
        return structure.field_at(rest) if structure is not None else None

    def is_open(self, path: str) -> bool:
        """Whether the entry at a path, or one above it, is a dict by its type: any key may be added."""
        parts = path.split(".")
        fields = (self.field_at(".".join(parts[:end])) for end in range(1, len(parts) + 1))
        return any(field is not None and takes_any_key(field.annotation) for field in fields)

    def missing(self, values: Mapping[str, Any]) -> list[str]:
        """Dotted paths of required fields that ``values`` lacks."""
        found: list[str] = []
        for name, field in self.fields.items():
            structure, value = field.structure, values.get(name, UNDECLARED)
            if structure is not None and isinstance(value, Mapping):
                found.extend(join_paths(name, path) for path in structure.missing(value))
            elif value is UNDECLARED and field.default is REQUIRED:
                below = structure.missing({}) if structure is not None and not field.is_optional else []
                found.extend([join_paths(name, path) for path in below] or [name])
        return found

    # ------------------------------------------------------------------ values

    def convert(self, values: Mapping[str, Any], prefix: str = "", *, closed: bool = False) -> dict[str, Any]:
        """A new dict of the given values, each as its type wants it; structures are nested dicts.

        Args:
            values: nested; keys that are not declared here are kept as they are, but not below a declared
                structure.
            prefix: where ``values`` stand, for messages.
            closed: refuse undeclared keys here, too.

        Raises:
            ConfigTypeError: on a value that does not fit.
            ConfigKeyError: on a key that a structure does not have.
        """
        found: dict[str, Any] = {}
        for name, value in values.items():
            field = self.fields.get(name)
            path = join_paths(prefix, name)
            if field is not None:
                found[name] = self._converted(field, value, path)
            elif closed:
                raise self._unknown(name, path)
            else:
                found[name] = value
        self._validate_whole(found, prefix)
        return found

    def _converted(self, field: Field, value: Any, path: str) -> Any:
        structure = field.structure
        if structure is not None and isinstance(value, Mapping):
            converted = structure.convert(value, path, closed=True)
            # Where None is the default, nobody else fills in the rest.
            unset = field.is_optional and not is_config_class(field.default)
            return {**structure.defaults(), **converted} if unset else converted
        if field.by_pydantic:
            return convert_by_pydantic(value, field.annotation, path)
        return convert(value, field.annotation, path)

    def _unknown(self, name: Any, path: str) -> ConfigKeyError:
        parent = path.rpartition(".")[0]
        hint = did_you_mean(path, [join_paths(parent, field) for field in self.fields])
        owner = self.cls.__name__ if self.cls is not None else "the declaration"
        return ConfigKeyError(
            f'"{path}" is not declared: {owner} has no field "{name}".{hint} Its fields are {", ".join(self.fields)}',
            print_traceback=False,
        )

    def _validate_whole(self, values: dict[str, Any], prefix: str) -> None:
        """What a pydantic model checks across fields, as soon as all of them are there."""
        for cls in self.classes:
            if kind_of(cls) == "pydantic" and all(name in values for name in cls.model_fields):  # type: ignore[attr-defined]
                build_model(cls, values, prefix)

    def build(self, values: Mapping[str, Any], cls: type | None = None) -> Any:
        """The typed object with these values; a plain dict if no single class declares them.

        Args:
            values: complete and converted; keys that are not fields of the class are left out.
            cls: which of :attr:`classes`; default: :attr:`cls`.

        Raises:
            ConfigError: if the class refuses them.
        """
        cls = cls or self.cls
        schema = self if cls is self.cls else Schema.of(cls)
        if cls is not None and kind_of(cls) == "pydantic":
            return build_model(cls, values, "")
        made = {
            name: instantiate(values[name], field.annotation) for name, field in schema.fields.items() if name in values
        }
        if cls is None or kind_of(cls) == "typeddict":
            return made
        try:
            return cls(**made)
        except (TypeError, ValueError) as error:
            raise ConfigError(f"{cls.__name__} refuses its values: {error}") from error

    def typed_arguments(self, function: Any, config: Mapping[str, Any]) -> dict[str, Any]:
        """Typed objects for the arguments of ``function`` that are annotated with a declared class.

        An argument with the name of an entry gets that entry as an object; any other one gets the whole
        configuration as an object of its class, if the class is one of :attr:`classes`.
        """
        annotations = getattr(function, "__annotations__", None)
        if not annotations:
            return {}
        found = {}
        for name, annotation in evaluated_annotations(function, annotations).items():
            if name == "return":
                continue
            cls = bare(annotation)[0]
            if name in self.fields and name in config:
                if holds_class(annotation):
                    found[name] = instantiate(config[name], annotation)
            elif cls in self.classes:
                found[name] = self.build(config, cls)
        return found


# ---------------------------------------------------------------------------------------------------- objects


def instantiate(value: Any, annotation: Any) -> Any:
    """A converted value with objects where the annotation has declared classes."""
    annotation = bare(annotation)[0]
    if kind_of(annotation):
        return Schema.of(annotation).build(value) if isinstance(value, Mapping) else value
    args = typing.get_args(annotation)
    if not holds_class(annotation):
        return value
    if is_union(annotation):
        fitting = [arg for arg in args if holds_class(arg)]
        return instantiate(value, fitting[0]) if len(fitting) == 1 and value is not None else value
    if isinstance(value, Mapping):
        return {key: instantiate(item, args[-1]) for key, item in value.items()}
    if isinstance(value, tuple) and args[-1] is not ...:
        return tuple(instantiate(item, arg) for item, arg in zip(value, args, strict=True))
    if isinstance(value, list | tuple):
        return type(value)(instantiate(item, args[0]) for item in value)
    return value


def _plain(value: Any) -> Any:
    """A default as entries have it: declared classes as dicts, containers of their own."""
    if is_config_class(value) and not isinstance(value, type):
        return {name: _plain(item) for name, item in Schema.of(value).defaults().items()}
    if type(value) is dict:
        return {key: _plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(map(_plain, value))
    return value


def _line(value: Any) -> int | None:
    return value if isinstance(value, int) else None
