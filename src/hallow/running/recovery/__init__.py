"""Closing the records of runs whose process is gone, and delivering what observers did not get."""

from __future__ import annotations

from hallow.running.recovery.closing import DIED, Recovered, recover
from hallow.running.recovery.finding import find_journals, journals_of

__all__ = ["DIED", "Recovered", "find_journals", "journals_of", "recover"]
