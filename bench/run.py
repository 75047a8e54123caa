"""Compare hallow with Sacred 0.8.7, side by side in one run: `make bench`.

Sacred lives in an environment of its own (.bench-venv), together with hallow, so that both meet the same interpreter
and packages. Every figure is the median of several turns that the two take one after the other; the ratio is what
counts, absolute values belong to the machine. What is measured is in rows/.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from rows import ALL
from rows.turn import Turn

HOME = Path(__file__).resolve().parent
ROOT = HOME.parent
ENVIRONMENT = ROOT / ".bench-venv"
# Sacred 0.8.7 needs pkg_resources, which newer setuptools no longer carry.
PACKAGES = ["sacred==0.8.7", "setuptools<80", "numpy"]

Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=7, help="turns of each library (default 7, slow rows 3)")
    arguments.add_argument("--quick", action="store_true", help="two short rounds, to see that it works")
    arguments.add_argument("--only", choices=ALL, nargs="+", default=list(ALL), help="kinds of work to measure")
    arguments.add_argument("--json", type=Path, help="also write the figures to this file")
    chosen = arguments.parse_args()
    rounds = 2 if chosen.quick else chosen.rounds
    python = environment()
    figures: Figures = {}
    for kind in chosen.only:
        with tempfile.TemporaryDirectory() as folder:
            take_turns(python, kind, Path(folder), rounds, chosen.quick, figures)
    report(figures, rounds, chosen.only, chosen.quick)
    if chosen.json:
        chosen.json.write_text(json.dumps(figures, indent=2), encoding="utf-8")


def environment() -> str:
    """The interpreter of an environment that holds Sacred and this checkout."""
    python = ENVIRONMENT / ("Scripts" if os.name == "nt" else "bin") / "python"
    marker = ENVIRONMENT / ".ready"
    if not marker.exists() or marker.stat().st_mtime < (ROOT / "pyproject.toml").stat().st_mtime:
        venv.create(ENVIRONMENT, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", str(ROOT)], check=True)
        marker.touch()
    # Installed like Sacred, compiled and not editable: both meet the same conditions.
    again = ["--quiet", "--no-deps", "--force-reinstall", str(ROOT)]
    subprocess.run([python, "-m", "pip", "install", *again], check=True)
    return str(python)


def take_turns(python: str, kind: str, folder: Path, rounds: int, quick: bool, figures: Figures) -> None:
    """Measure one kind of work; the first round warms caches and is not counted."""
    most = ALL[kind].MOST_TURNS
    for number in range(1 + (rounds if most is None else min(rounds, most))):
        for lib in ("bare", "sacred", "hallow"):
            turn = Turn(python, lib, folder / f"{lib}{number}", quick)
            turn.folder.mkdir()
            for name, value in ALL[kind].measure(turn).items():
                if number:
                    figures.setdefault(name, {}).setdefault(lib, []).append(value)


def report(figures: Figures, rounds: int, kinds: list[str], quick: bool) -> None:
    """A Markdown table of medians and ratios."""
    print(f"Python {platform.python_version()}, {os.cpu_count()} processors, {platform.platform()}, {rounds} rounds\n")
    if quick:
        print("Quick: fewer calls, points and lines than the rows say; no figures to compare with budgets.\n")
    print("| work | floor | Sacred 0.8.7 | hallow | ratio | budget | met |")
    print("|---|---:|---:|---:|---:|---:|---|")
    for row in (row for kind in kinds for row in ALL[kind].ROWS):
        medians = {lib: statistics.median(values) for lib, values in figures[row.name].items()}
        floor, sacred, hallow = (medians.get(lib) for lib in ("bare", "sacred", "hallow"))
        met = "-" if row.limit is None else "yes" if row.compared(hallow, floor) <= row.limit else "NO"
        cells = [row.name, "-" if floor is None else row.show(floor), row.show(sacred), row.show(hallow)]
        print(f"| {' | '.join(cells)} | {sacred / row.share / hallow:.1f}x | {row.text} | {met} |")
    print("\nfloor: the bare interpreter, or print() alone. The import budget is over the bare interpreter.")
    print("Where Sacred logs a tenth of the points in a whole run, the ratio is per point; its time grows faster.")


if __name__ == "__main__":
    sys.exit(main())
