"""Config sources: everything that can be asked for entries."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import FunctionType
from typing import TYPE_CHECKING, Any, Protocol

from hallow.config.dicts import ConfigDict
from hallow.config.scope import ConfigScope
from hallow.errors import ConfigSourceError

if TYPE_CHECKING:
    from hallow.config.schema import Schema
    from hallow.config.summary import ConfigSummary


class ConfigSource(Protocol):
    """Gives entries; anything with this call can be put into ``ingredient.configurations``."""

    def __call__(self, fixed: Any = None, preset: Any = None, fallback: Any = None) -> ConfigSummary:
        """Evaluate.

        Args:
            fixed: values decided beforehand, nested; they win over what the source says.
            preset: entries of earlier sources; part of the result.
            fallback: what can be seen but is not part of the result.
        """
        ...


def make_source(declaration: Any) -> Any:
    """The config source for something decorated with ``@ex.config``."""
    return ConfigScope(declaration) if isinstance(declaration, FunctionType) else typed_source(declaration)


def typed_source(declaration: Any) -> Any:
    """The config source for a typed class or object; for anything else what :class:`ConfigScope` says to it."""
    # Imported late: most experiments declare no types.
    from hallow.config.schema import is_config_class
    from hallow.config.typed import TypedConfig

    return TypedConfig(declaration) if is_config_class(declaration) else ConfigScope(declaration)


def source_from_arguments(caller: str, cfg_or_file: Any, keywords: Mapping[str, Any]) -> Any:
    """The config source for the arguments of ``add_config``.

    Raises:
        ValueError: if not exactly one kind of argument is given.
        TypeError: for something that is no configuration.
        OSError: if the file is not there.
    """
    if cfg_or_file is not None and keywords:
        raise ConfigSourceError(f"{caller} takes either a mapping, file or typed object, or keywords, not both")
    if cfg_or_file is None and not keywords:
        raise ConfigSourceError(f"{caller} needs a mapping, the name of a config file, a typed object, or keywords")
    if cfg_or_file is None:
        return ConfigDict(dict(keywords))
    if isinstance(cfg_or_file, Mapping):
        return ConfigDict(cfg_or_file)
    if isinstance(cfg_or_file, str | os.PathLike):
        return source_from_file(os.fspath(cfg_or_file))
    from hallow.config.schema import is_config_class

    if is_config_class(cfg_or_file):
        return typed_source(cfg_or_file)
    raise ConfigSourceError(
        f"{caller} takes a mapping, the name of a config file, a dataclass or pydantic model, or keywords, not "
        f"{type(cfg_or_file).__name__} ({cfg_or_file!r})"
    )


def source_from_file(filename: str) -> ConfigDict:
    """The entries of a config file."""
    from hallow.config.files import load_config_file

    return ConfigDict(load_config_file(filename), kind="file", file=filename)


def schema_of(sources: Iterable[Callable[..., Any]]) -> Schema | None:
    """What sources declare about the types of their entries; ``None`` if they declare nothing."""
    declaring = [source for source in sources if _declares_types(source)]
    if not declaring:
        return None
    from hallow.config.schema import Schema

    return Schema.merged(getattr(source, "schema", None) or _scope_schema(source) for source in declaring)


def _declares_types(source: Any) -> bool:
    if isinstance(source, ConfigScope):
        return bool(source.annotations or source.required)
    return getattr(source, "schema", None) is not None


def _scope_schema(scope: Any) -> Schema:
    from hallow.config.schema import Schema

    return Schema.from_annotations(scope.annotations, scope.required, file=scope.file, lines=scope.lines)
