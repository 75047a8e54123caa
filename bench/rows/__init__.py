"""What is measured: one module for each kind of work.

A kind has

- ``ROWS``: its lines of the table;
- ``MOST_TURNS``: the most turns that each library gets, ``None`` for as many as asked for;
- ``LIBS``: who takes turns, in this order; ``"bare"`` is the floor;
- ``measure(turn)``: the figures of one turn by the name of the row; none where a library has no equivalent;
- ``ENVIRONMENT``: which environment hallow and Sacred are measured in (see environments.py);
- ``setting(python, folder, quick)``, if something is to be prepared for all turns: a context manager.
"""

from __future__ import annotations

from rows import (
    beats,
    configs,
    deaths,
    large,
    lines,
    listings,
    many,
    metrics,
    repository,
    scalars,
    starts,
    stores,
    trackers,
)

ALL = {
    "trackers": trackers,
    "starts": starts,
    "repository": repository,
    "configs": configs,
    "many": many,
    "metrics": metrics,
    "scalars": scalars,
    "beats": beats,
    "lines": lines,
    "large": large,
    "stores": stores,
    "listings": listings,
    "deaths": deaths,
}
