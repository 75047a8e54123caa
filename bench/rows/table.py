"""A row of the table, and how its figures are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def seconds(value: float) -> str:
    """A time in the unit that suits it."""
    for factor, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if value * factor >= 1:
            return f"{value * factor:.3g} {unit}"
    return f"{value * 1e9:.3g} ns"


def megabytes(value: float) -> str:
    return f"{value / 1e6:.1f} MB"


def percent(value: float) -> str:
    """A share of what was to be there; only the whole is called 100 %."""
    return "100%" if value == 1 else f"{min(value * 100, 99.9):.3g}%"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        name: what is measured.
        limit: most that hallow may need, from the design, on a machine with two cores; ``None``: no budget.
        text: the limit in words.
        over: what the limit is compared with: the figure itself (``""``), what it has over the floor (``"minus"``), or
            how many times the floor it is (``"times"``).
        share: the part of the work that Sacred gets; the ratio is for equal parts, as if its time grew in proportion.
        show: the figure in words; what is no time (``seconds``) has no ratios and is not in the plot.
        at_least: the limit is the least that hallow must reach, not the most that it may need.
        floor: what the figure of ``"bare"`` is the time of.
        buys: what hallow does for the part that is above the floor; shown where that is more than three times as much.
    """

    name: str
    limit: float | None = None
    text: str = "-"
    over: str = ""
    share: float = 1.0
    show: Callable[[float], str] = seconds
    at_least: bool = False
    floor: str = ""
    buys: str = ""

    @property
    def timed(self) -> bool:
        """Whether the figures are times, which ratios say something about."""
        return self.show is seconds

    def met(self, value: float, floor: float | None) -> str:
        """Whether hallow is within its budget, in a word."""
        if self.limit is None:
            return "-"
        compared = value
        if floor is not None and self.over:
            compared = value - floor if self.over == "minus" else value / floor
        return "yes" if (compared >= self.limit if self.at_least else compared <= self.limit) else "NO"
