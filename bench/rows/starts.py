"""Start, and captured calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import EXPERIMENT, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

DECLARED = "from ... import Experiment, whole process"
HELLO = "hello world, file store, whole process"
RUN = "ex.run() in process, no observer"
CALL = "captured call, 3 injected entries"
METHOD = "captured method call, 3 injected entries"
RANDOM = "captured call with _rnd"
ROWS = [
    Row(
        DECLARED,
        floor="the bare interpreter",
        buys="Loads the declaring half of the library: scopes, config resolution, captured functions.",
    ),
    Row(
        HELLO,
        0.120,
        "120 ms",
        floor="the bare interpreter, printing",
        buys="Besides the import: config resolved, sources, packages and host gathered, a journal that survives "
        "SIGKILL, output captured at the level of the descriptors, a complete record of five files.",
    ),
    Row(
        RUN,
        0.0007,
        "0.7 ms",
        floor="a bare function call",
        buys="Evaluates the config scope, checks updates, seeds generators, gathers host and package facts, sets "
        "signal handlers, logs the start and the end, and takes all that back.",
    ),
    Row(
        CALL,
        1.2e-6,
        "1.2 us",
        floor="a bare call",
        buys="Finds the run of this thread, and fills what the caller left out from its config.",
    ),
    Row(
        METHOD,
        floor="a bare method call",
        buys="As for a function, and binds the instance.",
    ),
    Row(
        RANDOM,
        3e-6,
        "3 us",
        floor="a bare call",
        buys="Gives each call a generator of its own, seeded from that of the run, made before its first use.",
    ),
]
MOST_TURNS = None
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

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

WORLD = (
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
    + TOOLS
    + """
    import logging

    logging.getLogger().addHandler(logging.NullHandler())

    @ex.capture
    def three(a, b, c):
        return a

    @ex.capture
    def random(a, _rnd):
        return a

    class Model:
        @ex.capture
        def three(self, a, b, c):
            return a

    @ex.command
    def nothing():
        return None

    @ex.command
    def calls():
        method = Model().three
        three(), random(), method()
        return [each(three, {calls}), each(method, {calls}), each(random, {calls} // 4)]

    def run():
        ex.run("nothing", options=quiet)

    run()
    taken = each(run, {runs})
    call, method, random = ex.run("calls", options=quiet).result
    found(run=taken, call=call, method=method, random=random)
"""
)

BARE = (
    TOOLS
    + """
    def nothing():
        return None

    def three(a=1, b=2.0, c="three"):
        return a

    class Model:
        def three(self, a=1, b=2.0, c="three"):
            return a

    method = Model().three
    call = each(three, {calls})
    found(run=each(nothing, {calls}), call=call, method=each(method, {calls}), random=call)
"""
)


def measure(turn: Turn) -> dict[str, float]:
    calls, runs = (2000, 20) if turn.quick else (40000, 200)
    if turn.lib == "bare":
        whole = {DECLARED: turn.process("pass"), HELLO: turn.process("print('hello world', 1)")}
        found = turn.measured(BARE.format(calls=20 * calls))
    else:
        whole = {
            DECLARED: turn.process(f"from {turn.lib} import Experiment"),
            HELLO: turn.process(WORLD.format(lib=turn.lib, store=turn.store)),
        }
        found = turn.measured(IN_PROCESS.format(lib=turn.lib, calls=calls, runs=runs))
    return {**whole, RUN: found["run"], CALL: found["call"], METHOD: found["method"], RANDOM: found["random"]}
