"""The fixture of these tests."""

from __future__ import annotations

from config_making import make

__all__ = ["make"]
