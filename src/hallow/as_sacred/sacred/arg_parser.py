"""The command line."""

from __future__ import annotations

from hallow.cli.grammar import get_config_updates
from hallow.cli.usage import format_usage, printable_usage

__all__ = ["format_usage", "get_config_updates", "printable_usage"]
