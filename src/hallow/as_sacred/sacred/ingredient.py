"""Ingredients."""

from __future__ import annotations

from hallow.experiment import Ingredient

__all__ = ["Ingredient"]
