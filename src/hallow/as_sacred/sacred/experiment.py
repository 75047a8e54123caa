"""Experiments."""

from __future__ import annotations

from hallow.cli import options
from hallow.experiment import Experiment, Ingredient
from hallow.running.run import Run

__all__ = ["Experiment", "Ingredient", "Run", "gather_command_line_options"]


def gather_command_line_options(filter_disabled: bool | None = None) -> list[options.CLIOption]:
    """All options that every experiment has; with ``filter_disabled`` without those in the old form that are off."""
    return options.gather_command_line_options(filter_disabled=filter_disabled)
