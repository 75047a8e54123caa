"""The report: machine, one table, what the time above the floor buys, what could not be measured; and the plot."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from environments import OTHERS
from plot import plotted
from rows import ALL

if TYPE_CHECKING:
    from pathlib import Path

    from environments import Environments
    from machine import Machine
    from rows.table import Row

HEAD = """# Performance

Written by `make bench`; do not edit. hallow beside Sacred 0.8.7, beside what a user would pick instead where that
does the same, and beside the floor: what the machine needs for the same with nothing in between, such as the bare
interpreter, a function call, a list append, `print()`, a file written. Every figure is the median of turns that the
libraries take one after the other on the same machine. Ratios say something about the libraries; absolute values
belong to the machine.
"""

EXPLAINED = """
*x floor*: hallow's time in floors. *x Sacred*: Sacred's time in hallow's; where Sacred does only a part of the work,
the ratio is for equal parts, as if its time grew in proportion (it grows faster). *budget*: what hallow may need on a
quiet machine with two processors.
"""

QUICK = "Quick: fewer calls, points, runs and lines than the rows say; no figures to compare with budgets.\n"


def times(ratio: float) -> str:
    """A ratio in words, without exponents."""
    return f"{ratio:,.0f}x" if ratio >= 100 else f"{ratio:.3g}x"


class Report:
    """What was measured, in words."""

    def __init__(
        self,
        figures: dict[str, dict[str, list[float]]],
        notes: list[str],
        kinds: list[str],
        environments: Environments,
        machine: Machine,
        rounds: int,
        quick: bool,
    ) -> None:
        self._medians = {
            row: {lib: statistics.median(values) for lib, values in libs.items()} for row, libs in figures.items()
        }
        self._notes = notes
        self._rows: list[Row] = [row for kind in kinds for row in ALL[kind].ROWS]
        self._libs = {row.name: ALL[kind].LIBS for kind in kinds for row in ALL[kind].ROWS}
        self._environments = environments
        self._facts = machine.facts() | {"turns": f"{rounds}, slow rows fewer"}
        self._quick = quick

    def write(self, folder: Path) -> None:
        """performance.md and performance.svg."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "performance.svg").write_text(plotted(self._rows, self._medians), encoding="utf-8")
        (folder / "performance.md").write_text(self.text(), encoding="utf-8")

    def text(self) -> str:
        facts = [f"- {name}: {value}" for name, value in (self._facts | self._versions()).items()]
        plot = "![hallow, Sacred and the floor, times on a logarithmic scale](performance.svg)"
        parts = [
            HEAD,
            *([QUICK] if self._quick else []),
            "\n".join(facts) + "\n",
            "\n".join(self._table()),
            EXPLAINED,
            f"{plot}\n",
            *self._section("What the rest buys", "Rows that cost more than three times their floor:", self._bought()),
            *self._section("What could not be measured", "", self._missing()),
        ]
        return "\n".join(parts)

    def _versions(self) -> dict[str, str]:
        found = {lib: self._environments.version(lib) for lib in OTHERS}
        installed = ", ".join(f"{lib} {version}" for lib, version in found.items() if version)
        return {"others": installed} if installed else {}

    def _table(self) -> list[str]:
        lines = [
            "| work | floor | hallow | x floor | Sacred 0.8.7 | x Sacred | others | budget | met |",
            "|---|---|---:|---:|---:|---:|---|---|---|",
        ]
        return lines + [f"| {' | '.join(self._cells(row))} |" for row in self._rows]

    def _cells(self, row: Row) -> list[str]:
        medians = self._medians.get(row.name, {})
        floor, hallow, sacred = (medians.get(lib) for lib in ("bare", "hallow", "sacred"))
        if hallow is None:
            return [row.name, "-", "not here", *["-"] * 4, row.text, "-"]
        ratio = times(sacred / row.share / hallow) if row.timed and sacred and hallow else "-"
        above = times(hallow / floor) if row.timed and floor else "-"
        return [
            row.name,
            "-" if floor is None else f"{row.show(floor)}, {row.floor}",
            row.show(hallow),
            above,
            "-" if sacred is None else row.show(sacred),
            ratio,
            self._others(row),
            row.text,
            row.met(hallow, floor),
        ]

    def _others(self, row: Row) -> str:
        """The cell of the other libraries."""
        found = self._medians[row.name]
        said = []
        for lib in (lib for lib in self._libs[row.name] if lib in OTHERS):
            if lib in found:
                said.append(f"{lib} {row.show(found[lib])}")
            else:
                said.append(f"{lib} {'not installed' if lib in self._environments.failed else 'failed'}")
        return ", ".join(said) or "-"

    def _bought(self) -> list[str]:
        """A line for each row that is far above its floor."""
        said: dict[str, list[str]] = {}
        for row in self._rows:
            found = self._medians.get(row.name, {})
            if row.timed and "bare" in found and found.get("hallow", 0) > 3 * found["bare"]:
                said.setdefault(row.buys, []).append(row.name)
        return [f"- {'; '.join(f'*{name}*' for name in names)}: {text}" for text, names in said.items()]

    def _missing(self) -> list[str]:
        failed = [f"{lib} not installed: {reason}" for lib, reason in self._environments.failed.items()]
        return [f"- {note}" for note in [*failed, *dict.fromkeys(self._notes)]]

    def _section(self, title: str, intro: str, lines: list[str]) -> list[str]:
        if not lines:
            return []
        return [f"## {title}\n", *([f"{intro}\n"] if intro else []), "\n".join(lines) + "\n"]
