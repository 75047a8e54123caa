"""Configuration made by functions."""

from __future__ import annotations

from hallow.config.scope import ConfigScope

__all__ = ["ConfigScope"]
