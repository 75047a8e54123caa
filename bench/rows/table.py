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
        show: the figure in words.
    """

    name: str
    limit: float | None = None
    text: str = "-"
    over: str = ""
    share: float = 1.0
    show: Callable[[float], str] = seconds

    def compared(self, value: float, floor: float | None) -> float:
        """What is compared with the limit."""
        if floor is None or not self.over:
            return value
        return value - floor if self.over == "minus" else value / floor
