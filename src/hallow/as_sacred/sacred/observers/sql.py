"""Runs in SQL databases."""

from __future__ import annotations

from hallow.backends.sql.observer import DEFAULT_SQL_PRIORITY, SqlObserver
from hallow.cli.builtin import sql_option

__all__ = ["DEFAULT_SQL_PRIORITY", "SqlObserver", "sql_option"]
