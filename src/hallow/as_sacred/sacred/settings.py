"""Settings."""

from __future__ import annotations

from hallow.errors import SettingError
from hallow.settings import SETTINGS

__all__ = ["SETTINGS", "SettingError"]
