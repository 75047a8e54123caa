"""A run with a million scalars.

Sacred gets a tenth of the points: its time grows with the square of their number. A run whose record is
not complete gives no figures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rows.table import Row, megabytes
from rows.turn import RECORDED, TurnError

if TYPE_CHECKING:
    from rows.turn import Turn

WHOLE = "10^6 scalars, file store, whole run (Sacred: 10^5)"
MEMORY = "10^6 scalars, memory taken (Sacred: 10^5)"
ROWS = [
    Row(
        WHOLE,
        3.0,
        "3 s",
        share=0.1,
        floor="the bare interpreter, writing the points as JSON",
        buys="Every point is safe from SIGKILL when log_scalar returns, and is then brought into Sacred's format, a "
        "little at each beat, in memory that does not grow.",
    ),
    Row(MEMORY, 64e6, "flat: 64 MB", show=megabytes),
]
MOST_TURNS = 3
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

MILLION = (
    RECORDED
    + """
    @ex.main
    def main(_run):
        for step in range({count} // 4):
            _run.log_scalar("training.loss", 1.0 / (step + 1), step)
            _run.log_scalar("training.accuracy", step * 1e-6, step)
            _run.log_scalar("validation.loss", 2.0 / (step + 1), step)
            _run.log_scalar("samples", step)

    before = status("VmHWM")
    ex.run(options=quiet)
    found(taken=status("VmHWM") - before)
"""
)

BARE = """
    import json

    points = []
    for step in range({count} // 4):
        points.append(("training.loss", 1.0 / (step + 1), step))
        points.append(("training.accuracy", step * 1e-6, step))
        points.append(("validation.loss", 2.0 / (step + 1), step))
        points.append(("samples", step, None))
    with open("metrics.json", "w", encoding="utf-8") as file:
        json.dump(points, file)
"""


def measure(turn: Turn) -> dict[str, float]:
    many = (20_000 if turn.quick else 1_000_000) // (10 if turn.lib == "sacred" else 1)
    if turn.lib == "bare":
        return {WHOLE: turn.process(BARE.format(count=many))}
    memory: dict[str, float] = {}
    store = turn.store
    code = MILLION.format(lib=turn.lib, store=store, count=many)
    whole = turn.timed(lambda: memory.update(turn.measured(code)))
    check(turn.lib, Path(store) / "1", many)
    return {WHOLE: whole, MEMORY: memory["taken"]}


def check(lib: str, run: Path, count: int) -> None:
    """Give no figures if something is missing."""
    status = json.loads((run / "run.json").read_text(encoding="utf-8"))["status"]
    metrics = run / "metrics.json"
    stored = json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else {}
    points = sum(len(metric["steps"]) for metric in stored.values())
    if (status, points) != ("COMPLETED", count):
        raise TurnError(f"{lib} has recorded {points} of {count} points, and the status {status}")
