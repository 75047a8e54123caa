"""A thousand runs in one process: whether the last costs what the first did, in time and memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row, megabytes
from rows.turn import FILES, REPEATED, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

EACH = "1,000 runs in one process, file store, each of the last 100 (Sacred: 200 runs)"
GROWN = "1,000 runs in one process, memory grown after the first 100 (Sacred: 200 runs)"
ROWS = [
    Row(EACH, floor="a folder and four files, written", buys="As for one run in process."),
    Row(GROWN, 2e6, "flat: 2 MB", show=megabytes),
]
MOST_TURNS = 2
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

RUNS = (
    REPEATED
    + """
    import gc

    @ex.main
    def main(a, _run):
        print("line", a)
        _run.log_scalar("training.loss", 0.125)
        return a

    def run():
        ex.run(options=quiet)

    def resident():
        gc.collect()
        return status("VmRSS")

    each(run, min(100, {runs} // 2))
    before = resident()
    rest = {runs} - min(100, {runs} // 2)
    last = min(100, rest)
    if rest > last:
        each(run, rest - last)
    taken = each(run, last)
    found(each=taken, grown=max(resident() - before, 0))
"""
)

BARE = (
    TOOLS
    + FILES
    + """
    found(each=each(files, {runs}))
"""
)


def measure(turn: Turn) -> dict[str, float]:
    runs = 60 if turn.quick else 200 if turn.lib == "sacred" else 1000
    if turn.lib == "bare":
        return {EACH: turn.measured(BARE.format(store=turn.store, runs=runs))["each"]}
    found = turn.measured(RUNS.format(lib=turn.lib, store=turn.store, runs=runs))
    return {EACH: found["each"], GROWN: found["grown"]}
