"""Packages that may be missing; each is imported or looked for when its name is used."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any

from hallow.utils import get_package_version, modules_exist, parse_version

from .stflow.method_interception import get_tensorflow

__all__ = ["get_package_version", "get_tensorflow", "modules_exist", "optional_import", "parse_version"]

_MODULES = {"np": "numpy", "pandas": "pandas", "yaml": "yaml"}
_NEEDS = {
    "has_mako": ("mako",),
    "has_numpy": ("numpy",),
    "has_pandas": ("pandas",),
    "has_sqlalchemy": ("sqlalchemy",),
    "has_tensorflow": ("tensorflow",),
    "has_tinydb": ("tinydb",),
    "has_yaml": ("yaml",),
}


def optional_import(*package_names: str) -> tuple[bool, ModuleType | None]:
    """Import packages: whether all are there, and the first one (``None`` unless all are)."""
    try:
        modules = [import_module(name) for name in package_names]
    except ImportError:
        return False, None
    return True, modules[0]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        value: Any = optional_import(_MODULES[name])[1]
    elif name in _NEEDS:
        value = modules_exist(*_NEEDS[name])
    elif name == "libc":
        from ctypes import CDLL

        value = CDLL(None)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES, *_NEEDS, "libc"})
