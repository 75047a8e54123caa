"""The base class of observers."""

from __future__ import annotations

from hallow.observers.base import RunObserver, td_format

__all__ = ["RunObserver", "td_format"]
