"""What became of a configuration."""

from __future__ import annotations

from hallow.config.summary import ConfigSummary

__all__ = ["ConfigSummary"]
