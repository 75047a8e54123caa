"""Declaring experiments: Experiment, Ingredient, captured functions, commands."""

from hallow.experiment.experiment import Experiment
from hallow.experiment.ingredient import Ingredient
from hallow.experiment.slot import Slot

__all__ = ["Experiment", "Ingredient", "Slot"]
