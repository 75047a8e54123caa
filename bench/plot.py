"""The plot: for each row the floor, hallow, Sacred and the others on a logarithmic axis of time, as SVG."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from environments import OTHERS
from rows.table import seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from rows.table import Row

    Scale = Callable[[float], float]

LEFT, WIDTH, HIGH, TOP = 500, 560, 22, 46
COLOURS = {"bare": "#8a8a8a", "hallow": "#0b6e4f", "sacred": "#c8553d", "others": "#4a7fb5"}
NAMES = {"bare": "floor", "hallow": "hallow", "sacred": "Sacred 0.8.7", "others": "others"}


def plotted(rows: list[Row], medians: dict[str, dict[str, float]]) -> str:
    """One line for each row with times.

    Args:
        rows: in order, from top to bottom.
        medians: seconds by name of row and library; Sacred's for the part of the work that it did.
    """
    shown = [row for row in rows if row.timed and "hallow" in medians.get(row.name, {})]
    times = [value for row in shown for value in medians[row.name].values() if value > 0]
    low = math.floor(math.log10(min(times, default=1e-6)))
    high = max(math.ceil(math.log10(max(times, default=1))), low + 1)

    def x(value: float) -> float:
        return LEFT + WIDTH * (math.log10(max(value, 10**low)) - low) / (high - low)

    bottom = TOP + HIGH * len(shown)
    parts = [*_axis(low, high, x, bottom), *_legend()]
    for number, row in enumerate(shown):
        y = TOP + HIGH * (number + 0.5)
        parts.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(_short(row.name))}</text>')
        parts += _marks(row, medians[row.name], x, y)
    size = f'width="{LEFT + WIDTH + 40}" height="{bottom + 30}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([head, f'<rect {size} fill="#ffffff"/>', *parts, "</svg>\n"])


def _short(name: str) -> str:
    """A name that fits: without what stands in brackets at its end, whole otherwise."""
    return name.partition(" (Sacred: ")[0].partition(" (others: ")[0].partition(" (Hydra: ")[0]


def _axis(low: int, high: int, x: Scale, bottom: float) -> list[str]:
    parts = []
    for power in range(low, high + 1):
        at = x(10.0**power)
        parts.append(f'<line x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{bottom}" stroke="#e3e3e3"/>')
        label = seconds(1.0001 * 10.0**power)  # never a hair below the unit
        parts.append(f'<text x="{at:.1f}" y="{bottom + 18}" text-anchor="middle">{label}</text>')
    return parts


def _legend() -> list[str]:
    parts = []
    for number, (lib, name) in enumerate(NAMES.items()):
        at = LEFT + 120 * number
        parts.append(f'<circle cx="{at}" cy="20" r="5" fill="{COLOURS[lib]}"/><text x="{at + 12}" y="24">{name}</text>')
    return parts


def _marks(row: Row, found: dict[str, float], x: Scale, y: float) -> list[str]:
    """A line from the fastest to the slowest, and a point for each; hallow's lies on top."""
    scaled = {lib: value / row.share if lib == "sacred" else value for lib, value in found.items()}
    places = [x(value) for value in scaled.values()]
    parts = [f'<line x1="{min(places):.1f}" y1="{y}" x2="{max(places):.1f}" y2="{y}" stroke="#c9c9c9"/>']
    for lib in sorted(scaled, key=lambda lib: lib == "hallow"):
        colour, radius = COLOURS["others" if lib in OTHERS else lib], 4 if lib in OTHERS else 5
        title = f"<title>{escape(NAMES.get(lib, lib))}: {seconds(scaled[lib])}</title>"
        parts.append(f'<circle cx="{x(scaled[lib]):.1f}" cy="{y}" r="{radius}" fill="{colour}">{title}</circle>')
    return parts
