"""Printed lines, captured: what they cost a whole run with a file store, stdout leading to a file or a terminal.

A run without lines is taken off. The floor is print() alone, until everything is flushed. Each figure is the median of
three.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import RECORDED, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

PLAIN = "200,000 printed lines, captured"
FLUSHED = "200,000 printed lines, each flushed, captured"
TERMINAL = "200,000 printed lines, to a terminal, captured"
BUYS = (
    "Every print() puts the line where SIGKILL does not reach it, and the bytes go to the journal and to the record "
    "besides the terminal."
)
ROWS = [
    Row(name, 1.15, "1.15x floor", over="times", floor="print() alone", buys=BUYS)
    for name in (PLAIN, FLUSHED, TERMINAL)
]
MOST_TURNS = None
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

SAY = """
    def say(count, flush):
        for number in range(count):
            print(f"step {{number}} of the training, loss 0.123456", flush=flush)
        sys.stdout.flush()

    def median(function, *args):
        return sorted(timed(function, *args) for _ in range(3))[1]
"""

BARE = (
    TOOLS
    + SAY
    + """
    found(plain=median(say, {count}, False), flushed=median(say, {count}, True))
"""
)

CAPTURED = (
    RECORDED
    + SAY
    + """
    @ex.command
    def lines(count, flush):
        say(count, flush)

    def run(count, flush):
        ex.run("lines", {{"count": count, "flush": flush}}, options=quiet)

    run(0, False)
    empty = median(run, 0, False)
    plain, flushed = (median(run, {count}, flush) - empty for flush in (False, True))
    found(plain=plain, flushed=flushed)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    count = 20_000 if turn.quick else 200_000
    code = (BARE if turn.lib == "bare" else CAPTURED).format(lib=turn.lib, store=turn.store, count=count)
    found, on_terminal = turn.measured(code), turn.measured(code, on_terminal=True)
    return {PLAIN: found["plain"], FLUSHED: found["flushed"], TERMINAL: on_terminal["plain"]}
