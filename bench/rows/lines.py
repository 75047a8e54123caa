"""Printed lines, captured: what they cost a whole run with a file store, stdout leading to a file.

A run without lines is taken off. The floor is print() alone, until everything is flushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import EXPERIMENT, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

PLAIN = "200,000 printed lines, captured"
UNSAFE = "200,000 printed lines, captured, OUTPUT.DURABLE off (Sacred: as above)"
FLUSHED = "200,000 printed lines, each flushed, captured"
BUYS = (
    "Every print() puts the line where SIGKILL does not reach it (but with DURABLE off), by functions of ours that "
    "also flush, and the bytes go to the journal and to the record besides the terminal."
)
ROWS = [
    Row(name, 1.15, "1.15x floor", over="times", floor="print() alone", buys=BUYS) for name in (PLAIN, UNSAFE, FLUSHED)
]
MOST_TURNS = None
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

SAY = (
    TOOLS
    + """
    def say(count, flush):
        for number in range(count):
            print(f"step {{number}} of the training, loss 0.123456", flush=flush)
        sys.stdout.flush()
"""
)

BARE = (
    SAY
    + """
    plain = timed(say, {count}, False)
    found(plain=plain, unsafe=plain, flushed=timed(say, {count}, True))
"""
)

CAPTURED = (
    EXPERIMENT
    + SAY
    + """
    ex.observers.append(FileStorageObserver({store!r}))

    @ex.command
    def lines(count, flush):
        say(count, flush)

    def run(count, flush):
        ex.run("lines", {{"count": count, "flush": flush}}, options=quiet)

    run(0, False)
    empty = timed(run, 0, False)
    plain, flushed = (timed(run, {count}, flush) - empty for flush in (False, True))
    unsafe = plain
    if {lib!r} == "hallow":
        import hallow
        hallow.SETTINGS.OUTPUT.DURABLE = False
        unsafe = timed(run, {count}, False) - empty
    found(plain=plain, unsafe=unsafe, flushed=flushed)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    count = 20_000 if turn.quick else 200_000
    code = (BARE if turn.lib == "bare" else CAPTURED).format(lib=turn.lib, store=turn.store, count=count)
    found = turn.measured(code)
    return {PLAIN: found["plain"], UNSAFE: found["unsafe"], FLUSHED: found["flushed"]}
