"""Compare hallow with Sacred 0.8.7 and others, side by side, and with what the machine needs: `make bench`.

Every library lives in an environment of its own below .bench-venv; hallow and Sacred share one. Every figure is the
median of several turns that the libraries take one after the other; the ratio is what counts, absolute values belong
to the machine. What is measured is in rows/. A complete run writes docs/performance.md and docs/performance.svg. A
run that was interrupted goes on where it was, as long as neither the library nor the bench has changed; a library
that cannot be installed has no figures, and the table says so.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from environments import OTHERS, ROOT, Environments
from machine import Machine
from report import Report
from rows import ALL
from rows.turn import Turn, TurnError

Figures = dict[str, dict[str, list[float]]]


def main() -> None:
    chosen = arguments()
    folder = chosen.environments
    progress = Progress(folder / f"progress{'-quick' if chosen.quick else ''}.json", chosen.rounds, chosen.again)
    environments = Environments(folder, patient=not chosen.quick)
    machine = Machine()
    for kind in chosen.only:
        if kind not in progress.done:
            print(f"measuring {kind}", file=sys.stderr, flush=True)
            with tempfile.TemporaryDirectory(prefix="bench-") as home:
                figures, notes = Kind(kind, environments, Path(home), chosen.quick).measured(chosen.rounds)
            progress.keep(kind, figures, notes)
    for lib in OTHERS:  # those that were measured before an interruption are to be known, too
        if any(lib in ALL[kind].LIBS for kind in chosen.only):
            environments.python(lib, "main")
    report = Report(progress.figures, progress.notes, chosen.only, environments, machine, chosen.rounds, chosen.quick)
    print(report.text())
    complete = not chosen.quick and set(chosen.only) == set(ALL)
    output = chosen.output or (ROOT / "docs" if complete else None)
    if output:
        report.write(output)
        print(f"written: {output / 'performance.md'}, {output / 'performance.svg'}", file=sys.stderr)
    progress.finish(complete)
    if chosen.json:
        chosen.json.write_text(json.dumps(progress.figures, indent=2), encoding="utf-8")


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="turns of each library (default 7, slow rows fewer)")
    parser.add_argument("--quick", action="store_true", help="one short round of less, to see that it works")
    parser.add_argument("--only", choices=ALL, nargs="+", default=list(ALL), help="kinds of work to measure")
    parser.add_argument("--again", action="store_true", help="do not go on with an interrupted run")
    parser.add_argument("--output", type=Path, help="write the report to this folder (default: docs, if complete)")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    parser.add_argument("--environments", type=Path, default=ROOT / ".bench-venv", help="where they are made")
    chosen = parser.parse_args()
    chosen.environments = chosen.environments.resolve()
    chosen.environments.mkdir(parents=True, exist_ok=True)
    if chosen.quick:
        chosen.rounds = 1
    return chosen


class Progress:
    """The kinds that are measured already, in a file; forgotten when the library or the bench has changed."""

    def __init__(self, path: Path, rounds: int, again: bool) -> None:
        self._path = path
        self._state: dict[str, Any] = {"of": f"{fingerprint()} {rounds}", "kinds": {}}
        if path.exists() and not again:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["of"] == self._state["of"]:
                self._state = found

    @property
    def done(self) -> set[str]:
        return set(self._state["kinds"])

    @property
    def figures(self) -> Figures:
        return {row: libs for figures, _ in self._state["kinds"].values() for row, libs in figures.items()}

    @property
    def notes(self) -> list[str]:
        return [note for _, notes in self._state["kinds"].values() for note in notes]

    def keep(self, kind: str, figures: Figures, notes: list[str]) -> None:
        self._state["kinds"][kind] = (figures, notes)
        partial = self._path.with_suffix(".part")
        partial.write_text(json.dumps(self._state), encoding="utf-8")
        partial.replace(self._path)

    def finish(self, complete: bool) -> None:
        """The next complete run begins anew; what was asked for by name or in a hurry, too."""
        if complete or self._path.stem.endswith("quick"):
            self._path.unlink(missing_ok=True)


def fingerprint() -> str:
    """Of everything that figures depend on, the machine aside."""
    digest = hashlib.sha256()
    for folder in ("src", "bench"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Kind:
    """One kind of work, measured with every library that does it."""

    def __init__(self, name: str, environments: Environments, home: Path, quick: bool) -> None:
        self._kind = ALL[name]
        self._environments = environments
        self._home = home
        self._quick = quick
        self._failed: set[str] = set()

    def measured(self, rounds: int) -> tuple[Figures, list[str]]:
        """Figures by row and library, and notes; where there are rounds enough, the first one is not counted."""
        figures: Figures = {}
        notes: list[str] = []
        most = self._kind.MOST_TURNS
        warm = 1 if not self._quick and (most is None or most > 2) else 0
        turns = warm + (rounds if most is None else min(rounds, most))
        setting = getattr(self._kind, "setting", None)
        python = self._environments.python("hallow", self._kind.ENVIRONMENT)
        with nullcontext() if setting is None else setting(python, self._home, self._quick) as given:
            for number in range(turns):
                for lib in self._kind.LIBS:
                    found = self._turn(lib, number, given, notes)
                    for name, value in found.items() if number >= warm else ():
                        figures.setdefault(name, {}).setdefault(lib, []).append(value)
        return figures, list(dict.fromkeys(notes))

    def _turn(self, lib: str, number: int, given: object, notes: list[str]) -> dict[str, float]:
        python = None if lib in self._failed else self._environments.python(lib, self._kind.ENVIRONMENT)
        if python is None:
            return {}
        turn = Turn(python, lib, self._home / f"turn-{lib.lower()}-{number}", self._quick, given, notes=notes)
        turn.folder.mkdir()
        try:
            return dict(self._kind.measure(turn))
        except TurnError as error:
            if lib in ("bare", "hallow"):
                raise SystemExit(str(error)) from None
            self._failed.add(lib)
            notes.append(f"{lib}: {str(error).splitlines()[-1]}")
            return {}


if __name__ == "__main__":
    main()
