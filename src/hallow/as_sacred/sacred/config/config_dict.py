"""Configuration made of dictionaries."""

from __future__ import annotations

from hallow.config.dicts import ConfigDict

__all__ = ["ConfigDict"]
