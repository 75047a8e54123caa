"""Configuration: scopes, dicts and files become one resolved config that knows what was added, changed and retyped."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hallow.config.chain import chain_evaluate_config_scopes as chain_evaluate_config_scopes
    from hallow.config.containers import Replace as Replace
    from hallow.config.containers import dogmatize as dogmatize
    from hallow.config.containers import undogmatize as undogmatize
    from hallow.config.dicts import ConfigDict as ConfigDict
    from hallow.config.files import load_config_file as load_config_file
    from hallow.config.files import save_config_file as save_config_file
    from hallow.config.scope import ConfigScope as ConfigScope
    from hallow.config.summary import ConfigSummary as ConfigSummary

# Sacred's own modules of this name, as in hallow/__init__.py.
__path__.append(f"{__path__[0]}/../as_sacred/sacred/config")

_HOMES = {
    "ConfigDict": "dicts",
    "ConfigScope": "scope",
    "ConfigSummary": "summary",
    "Replace": "containers",
    "chain_evaluate_config_scopes": "chain",
    "create_captured_function": "hallow.experiment.captured",
    "dogmatize": "containers",
    "load_config_file": "files",
    "save_config_file": "files",
    "undogmatize": "containers",
}

__all__ = [
    "ConfigDict",
    "ConfigScope",
    "ConfigSummary",
    "Replace",
    "chain_evaluate_config_scopes",
    "dogmatize",
    "load_config_file",
    "save_config_file",
    "undogmatize",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES[name]
    return getattr(import_module(home if "." in home else f"{__name__}.{home}"), name)
