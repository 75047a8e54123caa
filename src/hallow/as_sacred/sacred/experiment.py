"""Experiments."""

from __future__ import annotations

from hallow.cli.options import gather_command_line_options
from hallow.experiment import Experiment, Ingredient
from hallow.running.run import Run

__all__ = ["Experiment", "Ingredient", "Run", "gather_command_line_options"]
