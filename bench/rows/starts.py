"""Import, start, and captured calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import EXPERIMENT

if TYPE_CHECKING:
    from rows.turn import Turn

ROWS = [
    Row("import", 0.050, "50 ms", over="minus"),
    Row("from ... import Experiment"),
    Row("hello world, file store, whole process", 0.120, "120 ms"),
    Row("ex.run() in process, no observer", 0.0007, "0.7 ms"),
    Row("ex.run() in process, file store", 0.005, "5 ms"),
    Row("captured call, 3 injected entries", 1.2e-6, "1.2 us"),
    Row("captured call with _rnd", 3e-6, "3 us"),
]
MOST_TURNS = None

CONFIGURED = (
    EXPERIMENT
    + """
    @ex.config
    def cfg():
        a = 1
        b = 2.0
        c = "three"
"""
)

HELLO = (
    CONFIGURED
    + """
    ex.observers.append(FileStorageObserver({store!r}))

    @ex.automain
    def main(a):
        print("hello world", a)
"""
)

IN_PROCESS = (
    CONFIGURED
    + """
    import json, logging, sys, time

    logging.getLogger().addHandler(logging.NullHandler())

    @ex.capture
    def three(a, b, c):
        return a

    @ex.capture
    def random(a, _rnd):
        return a

    @ex.command
    def nothing():
        return None

    def timed(function, count):
        start = time.perf_counter()
        for _ in range(count):
            function()
        return (time.perf_counter() - start) / count

    @ex.command
    def calls():
        three(), random()
        return {{
            "captured call, 3 injected entries": timed(three, {calls}),
            "captured call with _rnd": timed(random, {calls} // 4),
        }}

    def run():
        ex.run("nothing", options={{"--loglevel": "ERROR"}})

    run()
    found = {{"ex.run() in process, no observer": timed(run, {runs})}}
    found.update(ex.run("calls", options={{"--loglevel": "ERROR"}}).result)
    ex.observers.append(FileStorageObserver({store!r}))
    run()
    found["ex.run() in process, file store"] = timed(run, {runs} // 2)
    print("FOUND " + json.dumps(found), file=sys.stderr)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    if turn.lib == "bare":
        return {
            "import": turn.process("pass"),
            "hello world, file store, whole process": turn.process("print('hello world', 1)"),
        }
    calls, runs = (2000, 20) if turn.quick else (40000, 200)
    return {
        "import": turn.process(f"import {turn.lib}"),
        "from ... import Experiment": turn.process(f"from {turn.lib} import Experiment"),
        "hello world, file store, whole process": turn.process(HELLO.format(lib=turn.lib, store=turn.store)),
        **turn.measured(IN_PROCESS.format(lib=turn.lib, store=turn.store, calls=calls, runs=runs)),
    }
