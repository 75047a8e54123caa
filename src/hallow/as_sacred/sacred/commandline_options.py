"""Options of the command line."""

from __future__ import annotations

from hallow.cli.builtin import (
    beat_interval_option,
    capture_option,
    comment_option,
    debug_option,
    enforce_clean_option,
    force_option,
    help_option,
    id_option,
    loglevel_option,
    name_option,
    pdb_option,
    print_config_option,
    priority_option,
    queue_option,
    unobserved_option,
)
from hallow.cli.options import CLIOption, CommandLineOption, cli_option

__all__ = [
    "CLIOption",
    "CommandLineOption",
    "beat_interval_option",
    "capture_option",
    "cli_option",
    "comment_option",
    "debug_option",
    "enforce_clean_option",
    "force_option",
    "help_option",
    "id_option",
    "loglevel_option",
    "name_option",
    "pdb_option",
    "print_config_option",
    "priority_option",
    "queue_option",
    "unobserved_option",
]
