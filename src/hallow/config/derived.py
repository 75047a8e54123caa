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
    """Notes entries that keep a value computed from another entry's earlier value (derived-values).

    Attributes:
        sources: name to the source that assigned it last.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self.logger = logger
        self.sources: dict[str, Any] = {}

    def note(self, source: Any, earlier: Mapping[str, Any], summary: ConfigSummary, fixed: Mapping[str, Any]) -> None:
        """Compare what ``source`` assigned with what earlier entries were computed from."""
        if not SETTINGS.CONFIG.NOTE_STALE_VALUES:
            return
        assigned = {path for path in summary.origins if "." not in path}
        for name in assigned & set(earlier) - set(fixed):
            if not is_different(earlier[name], summary.get(name)):
                continue
            stale = sorted(
                other
                for other, by in self.sources.items()
                if other not in assigned and name in getattr(by, "reads", {}).get(other, ())
            )
            if stale:
                self.logger.info(
                    'Config entry "%s" is set again (%s); %s was computed from its earlier value and stays as it is. '
                    "A named config or an update would have been taken into account.",
                    name,
                    summary.origins[name].describe(),
                    ", ".join(f'"{other}"' for other in stale),
                )
        self.sources.update(dict.fromkeys(assigned, source))
