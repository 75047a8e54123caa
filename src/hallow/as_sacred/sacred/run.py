"""Runs."""

from __future__ import annotations

from hallow.running.run import Run

__all__ = ["Run"]
