"""What a heartbeat costs the observer when there are many points already.

The file store is told what happens by the library itself; a subclass of it takes the time of everything it is told.
Counted are the beats that brought exactly ten points. Sacred gets a tenth of the points before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rows.table import Row
from rows.turn import EXPERIMENT, TOOLS

if TYPE_CHECKING:
    from rows.turn import Turn

BEAT = "heartbeat with 10 new points after 10^6 (Sacred: after 10^5)"
ROWS = [
    Row(
        BEAT,
        0.005,
        "5 ms",
        floor="ten lines appended to a file",
        buys="The points are put into the documents of Sacred's format, in place; the rest of the beat is output, "
        "info, result and time in run.json, replaced as a whole.",
    )
]
MOST_TURNS = 3
LIBS = ("bare", "sacred", "hallow")
ENVIRONMENT = "main"

BEATS = (
    EXPERIMENT
    + TOOLS
    + """
    import functools, statistics

    class Told(FileStorageObserver):
        depth, work, points = 0, 0.0, 0
        beats = []

    def timed(name):
        method = getattr(FileStorageObserver, name)

        @functools.wraps(method)
        def event(self, *args, **kwargs):
            Told.depth += 1
            start = time.perf_counter()
            try:
                return method(self, *args, **kwargs)
            finally:
                Told.depth -= 1
                if Told.depth == 0:  # one event may make use of another
                    Told.work += time.perf_counter() - start
                    count(name, kwargs)
        return event

    def count(name, kwargs):
        if name == "points_event":
            Told.points += sum(len(metric.steps) for metric in kwargs["points"])
        if name == "log_metrics":
            Told.points += sum(len(metric["steps"]) for metric in kwargs["metrics_by_name"].values())
        if name in ("heartbeat_event", "last_beat_event"):
            Told.beats.append((Told.points, Told.work))
            Told.points, Told.work = 0, 0.0

    for name in dir(FileStorageObserver):
        if name.endswith("_event") or name == "log_metrics":
            setattr(Told, name, timed(name))

    def wait(condition):
        end = time.monotonic() + 120
        while not condition():
            if time.monotonic() > end:
                raise SystemExit("the points have not arrived")
            time.sleep(0.002)

    def arrived():
        return sum(points for points, _ in list(Told.beats))

    ex.observers.append(Told({store!r}))

    @ex.main
    def main(_run):
        for step in range({count}):
            _run.log_scalar("training.loss", 0.125, step)
        wait(lambda: arrived() == {count})
        for number in range({beats}):
            for step in range(10):
                _run.log_scalar("training.loss", 0.25, step)
            wait(lambda: arrived() == {count} + 10 * (number + 1))
        found(each=statistics.median(work for points, work in Told.beats if points == 10))

    ex.run(options={{"--beat_interval" if {lib!r} == "sacred" else "--beat-interval": 0.05, **quiet}})
"""
)


BARE = (
    TOOLS
    + """
    def beat():
        with open("points", "a", encoding="ascii") as file:
            for step in range(10):
                file.write(f"training.loss 0.25 {{step}}\\n")

    found(each=each(beat, 1000))
"""
)


def measure(turn: Turn) -> dict[str, float]:
    if turn.lib == "bare":
        return {BEAT: turn.measured(BARE.format())["each"]}
    count = (20_000 if turn.quick else 1_000_000) // (10 if turn.lib == "sacred" else 1)
    beats = 3 if turn.lib == "sacred" or turn.quick else 20
    code = BEATS.format(lib=turn.lib, store=turn.store, count=count, beats=beats)
    return {BEAT: turn.measured(code)["each"]}
