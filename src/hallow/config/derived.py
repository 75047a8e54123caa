"""Entries that keep a value computed from another entry's earlier value."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hallow.config.values import is_different
from hallow.settings import SETTINGS

if TYPE_CHECKING:
    from hallow.config.summary import ConfigSummary


class Derived:
    """Notes entries that keep a value computed from another entry's earlier value (derived-values)."""

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.reads: dict[str, frozenset[str]] = {}

    def note(self, source: Any, earlier: Mapping[str, Any], summary: ConfigSummary, fixed: Mapping[str, Any]) -> None:
        """Compare what ``source`` assigned with what earlier entries were computed from."""
        if not SETTINGS.CONFIG.NOTE_STALE_VALUES:
            return
        assigned = {path for path in summary.origins if "." not in path}
        for name in assigned & set(earlier) - set(fixed):
            if not is_different(earlier[name], summary.get(name)):
                continue
            stale = sorted(other for other, read in self.reads.items() if name in read and other not in assigned)
            if stale:
                self.logger.info(
                    'Config entry "%s" is set again (%s); %s was computed from its earlier value and stays as it is. '
                    "A named config or an update would have been taken into account.",
                    name,
                    summary.origins[name].describe(),
                    ", ".join(f'"{other}"' for other in stale),
                )
        for name in assigned:
            self.reads.pop(name, None)
        self.reads.update({name: read for name, read in getattr(source, "reads", {}).items() if name in assigned})
