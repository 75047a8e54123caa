"""Runs in TinyDB."""

from __future__ import annotations

from hallow.backends.tinydb.observer import TinyDbObserver
from hallow.backends.tinydb.reader import TinyDbReader
from hallow.cli.builtin import tiny_db_option

__all__ = ["TinyDbObserver", "TinyDbReader", "tiny_db_option"]
