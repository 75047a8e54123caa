"""What is measured: one module for each kind of work, each with ROWS and ``measure(turn)``."""

from __future__ import annotations

from rows import beats, lines, scalars, starts

ALL = {"starts": starts, "scalars": scalars, "beats": beats, "lines": lines}
