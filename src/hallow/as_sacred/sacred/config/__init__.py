"""Configuration."""

from __future__ import annotations

from hallow.config.chain import chain_evaluate_config_scopes
from hallow.config.dicts import ConfigDict
from hallow.config.dogmatic import dogmatize, undogmatize
from hallow.config.files import load_config_file, save_config_file
from hallow.config.scope import ConfigScope
from hallow.experiment.captured import create_captured_function

__all__ = [
    "ConfigDict",
    "ConfigScope",
    "chain_evaluate_config_scopes",
    "create_captured_function",
    "dogmatize",
    "load_config_file",
    "save_config_file",
    "undogmatize",
]
