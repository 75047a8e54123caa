"""Config sources: everything that can be asked for entries."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from hallow.config.dicts import ConfigDict
from hallow.config.schema import Schema, is_config_class
from hallow.config.scope import ConfigScope
from hallow.config.summary import ConfigSummary
from hallow.config.typed import TypedConfig


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
    if is_config_class(declaration):
        return TypedConfig(declaration)
    return ConfigScope(declaration)


def source_from_arguments(caller: str, cfg_or_file: Any, keywords: Mapping[str, Any]) -> Any:
    """The config source for the arguments of ``add_config``.

    Raises:
        ValueError: if not exactly one kind of argument is given.
        TypeError: for something that is no configuration.
        OSError: if the file is not there.
    """
    if cfg_or_file is not None and keywords:
        raise ValueError(f"{caller} takes either a mapping, file or typed object, or keywords, not both")
    if cfg_or_file is None and not keywords:
        raise ValueError(f"{caller} needs a mapping, the name of a config file, a typed object, or keywords")
    if cfg_or_file is None:
        return ConfigDict(dict(keywords))
    if is_config_class(cfg_or_file):
        return TypedConfig(cfg_or_file)
    if isinstance(cfg_or_file, Mapping):
        return ConfigDict(cfg_or_file)
    if isinstance(cfg_or_file, str | os.PathLike):
        return source_from_file(os.fspath(cfg_or_file))
    raise TypeError(
        f"{caller} takes a mapping, the name of a config file, a dataclass or pydantic model, or keywords, not "
        f"{type(cfg_or_file).__name__} ({cfg_or_file!r})"
    )


def source_from_file(filename: str) -> ConfigDict:
    """The entries of a config file."""
    from hallow.config.files import load_config_file

    return ConfigDict(load_config_file(filename), kind="file", file=filename)


def schema_of(source: Callable[..., Any]) -> Schema | None:
    """What a source declares about the types of its entries."""
    if isinstance(source, TypedConfig):
        return source.schema
    if isinstance(source, ConfigScope) and (source.annotations or source.required):
        return Schema.from_annotations(
            source.annotations, source.required, file=source.file, lines=source.lines
        )
    return None
