"""Helpers of the configuration."""

from __future__ import annotations

from typing import Any

from hallow.config.chain import chain_evaluate_config_scopes
from hallow.config.dogmatic import dogmatize, undogmatize
from hallow.config.filling import recursive_fill_in
from hallow.config.keys import check_key as assert_is_valid_key
from hallow.config.keys import check_keys
from hallow.config.values import normalise

__all__ = [
    "assert_is_valid_key",
    "chain_evaluate_config_scopes",
    "dogmatize",
    "normalize_or_die",
    "recursive_fill_in",
    "undogmatize",
]


def normalize_or_die(obj: Any) -> Any:
    """A config value in plain Python.

    Raises:
        ConfigKeyError: for a key that breaks one of the rules ``SETTINGS.CONFIG.ENFORCE_*``.
    """
    check_keys(obj)
    return normalise(obj)
