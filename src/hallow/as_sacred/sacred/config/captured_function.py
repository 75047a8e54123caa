"""Captured functions."""

from __future__ import annotations

from hallow.experiment.captured import create_captured_function

__all__ = ["create_captured_function"]
