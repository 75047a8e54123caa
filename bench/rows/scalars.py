"""Logging scalars: one call, and a run with a million of them.

Sacred gets a tenth of the points in the long run: its time grows with the square of their number. A run whose record is
not complete gives no figures.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from rows.table import Row, megabytes
from rows.turn import EXPERIMENT

if TYPE_CHECKING:
    from rows.turn import Turn

CALL = "log_scalar in the training thread"
WHOLE = "10^6 scalars, file store, whole run (Sacred: 10^5)"
MEMORY = "10^6 scalars, memory taken (Sacred: 10^5)"
ROWS = [
    Row(CALL, 1.0e-6, "1 us"),
    Row(WHOLE, 3.0, "3 s", share=0.1),
    Row(MEMORY, 64e6, "flat: 64 MB", show=megabytes),
]
MOST_TURNS = 3

LOOP = (
    EXPERIMENT
    + """
    import json, sys, time

    ex.observers.append(FileStorageObserver({store!r}))

    @ex.automain
    def main(_run):
        log_scalar = _run.log_scalar
        start = time.perf_counter()
        for step in range({count}):
            log_scalar("training.loss", 0.125, step)
        each = (time.perf_counter() - start) / {count}
        print("FOUND " + json.dumps({{"each": each}}), file=sys.stderr)
"""
)

MILLION = (
    EXPERIMENT
    + """
    import json, sys

    ex.observers.append(FileStorageObserver({store!r}))

    def peak():
        # Not ru_maxrss, in which a process begins with the figure of its parent.
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))

    @ex.main
    def main(_run):
        for step in range({count} // 4):
            _run.log_scalar("training.loss", 1.0 / (step + 1), step)
            _run.log_scalar("training.accuracy", step * 1e-6, step)
            _run.log_scalar("validation.loss", 2.0 / (step + 1), step)
            _run.log_scalar("samples", step)

    before = peak()
    ex.run(options={{"--loglevel": "ERROR"}})
    print("FOUND " + json.dumps({{"taken": peak() - before}}), file=sys.stderr)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    if turn.lib == "bare":
        return {}
    count = 20_000 if turn.quick else 200_000
    each = turn.measured(LOOP.format(lib=turn.lib, store=turn.store, count=count))["each"]
    many = (20_000 if turn.quick else 1_000_000) // (10 if turn.lib == "sacred" else 1)
    memory: dict[str, float] = {}
    store = turn.store
    code = MILLION.format(lib=turn.lib, store=store, count=many)
    whole = turn.timed(lambda: memory.update(turn.measured(code)))
    check(turn.lib, Path(store) / "1", many)
    return {CALL: each, WHOLE: whole, MEMORY: memory["taken"]}


def check(lib: str, run: Path, count: int) -> None:
    """Stop if something is missing."""
    status = json.loads((run / "run.json").read_text(encoding="utf-8"))["status"]
    metrics = run / "metrics.json"
    stored = json.loads(metrics.read_text(encoding="utf-8")) if metrics.exists() else {}
    points = sum(len(metric["steps"]) for metric in stored.values())
    if (status, points) != ("COMPLETED", count):
        raise SystemExit(f"{lib} has recorded {points} of {count} points, and the status {status}")
