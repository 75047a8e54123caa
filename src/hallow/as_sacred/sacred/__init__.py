"""hallow under the names of Sacred; see ``hallow.as_sacred``."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = [
    "SETTINGS",
    "Experiment",
    "Ingredient",
    "__author__",
    "__author_email__",
    "__url__",
    "__version__",
    "cli_option",
    "host_info_gatherer",
    "host_info_getter",
    "observers",
]

_FACTS = frozenset({"__author__", "__author_email__", "__url__", "__version__"})
_OURS = frozenset({*__all__} - _FACTS - {"observers"})
_MODULES = frozenset(
    {
        "arg_parser",
        "commandline_options",
        "commands",
        "config",
        "dependencies",
        "experiment",
        "host_info",
        "ingredient",
        "initialize",
        "metrics_logger",
        "observers",
        "optional",
        "randomness",
        "run",
        "serializer",
        "settings",
        "stdout_capturing",
        "stflow",
        "utils",
    }
)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    home = f"{__name__}.__about__" if name in _FACTS else "hallow" if name in _OURS else None
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
