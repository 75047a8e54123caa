"""Times as the records have them: naive datetimes in UTC."""

from __future__ import annotations

import time
from datetime import datetime, timezone


def naive_utc(seconds: float) -> datetime:
    """The time ``seconds`` after the epoch.

    The microsecond is never 0, because ``isoformat`` would leave the fraction out and readers expect it.
    """
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc).replace(tzinfo=None)
    return moment if moment.microsecond else moment.replace(microsecond=1)


def utc_now() -> datetime:
    """The present time."""
    return naive_utc(time.time())
