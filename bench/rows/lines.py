"""Printed lines, captured: what they cost a whole run with a file store, stdout leading to a file.

A run without lines is taken off. The floor is print() alone, until everything is flushed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import EXPERIMENT

if TYPE_CHECKING:
    from rows.turn import Turn

PLAIN = "200,000 printed lines, captured"
UNSAFE = "200,000 printed lines, captured, OUTPUT.DURABLE off (Sacred: as above)"
FLUSHED = "200,000 printed lines, each flushed, captured"
ROWS = [
    Row(PLAIN, 1.15, "1.15x floor", over="times"),
    Row(UNSAFE, 1.15, "1.15x floor", over="times"),
    Row(FLUSHED, 1.15, "1.15x floor", over="times"),
]
MOST_TURNS = None

SAY = """
    import json, sys, time

    def say(count, flush):
        for number in range(count):
            print(f"step {{number}} of the training, loss 0.123456", flush=flush)
        sys.stdout.flush()

    def timed(function, *args):
        start = time.perf_counter()
        function(*args)
        return time.perf_counter() - start
"""

BARE = (
    SAY
    + """
    found = {{"plain": timed(say, {count}, False), "flushed": timed(say, {count}, True)}}
    found["unsafe"] = found["plain"]
    print("FOUND " + json.dumps(found), file=sys.stderr)
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
        ex.run("lines", {{"count": count, "flush": flush}}, options={{"--loglevel": "ERROR"}})

    run(0, False)
    empty = timed(run, 0, False)
    found = {{"plain": timed(run, {count}, False) - empty, "flushed": timed(run, {count}, True) - empty}}
    found["unsafe"] = found["plain"]
    if {lib!r} == "hallow":
        import hallow
        hallow.SETTINGS.OUTPUT.DURABLE = False
        found["unsafe"] = timed(run, {count}, False) - empty
    print("FOUND " + json.dumps(found), file=sys.stderr)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    count = 20_000 if turn.quick else 200_000
    code = (BARE if turn.lib == "bare" else CAPTURED).format(lib=turn.lib, store=turn.store, count=count)
    found = turn.measured(code)
    return {PLAIN: found["plain"], UNSAFE: found["unsafe"], FLUSHED: found["flushed"]}
