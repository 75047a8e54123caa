"""A hundred metrics, logged in turn as a training loop with many losses does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rows.scalars import check
from rows.table import Row
from rows.turn import RECORDED, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

CALL = "log_scalar, 100 metrics in turn"
WHOLE = "10^5 scalars of 100 metrics in turn, file store, whole process (Sacred: 2 * 10^4)"
ROWS = [
    Row(CALL, floor="a bare list append", buys="As for a single metric."),
    Row(
        WHOLE,
        share=0.2,
        floor="the bare interpreter, writing the points as JSON",
        buys="A whole run with its record, and points that survive SIGKILL.",
    ),
]
MOST_TURNS = 3
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

NAMES = 'names = [f"layer.{{number}}.loss" for number in range(100)]'

LOGGED = (
    RECORDED
    + f"""
    {NAMES}

    @ex.automain
    def main(_run):
        log_scalar = _run.log_scalar
        start = time.perf_counter()
        for step in range({{count}} // 100):
            for name in names:
                log_scalar(name, 0.125, step)
        found(call=(time.perf_counter() - start) / {{count}})
"""
)

BARE = (
    TOOLS
    + f"""
    {NAMES}
    points = {{{{name: [] for name in names}}}}
    start = time.perf_counter()
    for step in range({{count}} // 100):
        for name in names:
            points[name].append((0.125, step))
    taken = time.perf_counter() - start
    with open("metrics.json", "w", encoding="utf-8") as file:
        json.dump(points, file)
    found(call=taken / {{count}})
"""
)


def measure(turn: Turn) -> dict[str, float]:
    count = 5_000 if turn.quick else 20_000 if turn.lib == "sacred" else 100_000
    found: dict[str, float] = {}
    store = turn.store
    code = (BARE if turn.lib == "bare" else LOGGED).format(lib=turn.lib, store=store, count=count)
    whole = turn.timed(lambda: found.update(turn.measured(code)))
    if turn.lib != "bare":
        check(turn.lib, Path(store) / "1", count)
    return {CALL: found["call"], WHOLE: whole}
