"""A run with a store that is away for a while in the middle (FAULTS_AWAY: it raises or blocks), and one that is not."""

import json
import os
import threading
import time
from pathlib import Path

from hallow import Experiment
from hallow.observers import RunObserver

from kit import line, log_point, point_of

FOLDER = Path(os.environ["FAULTS_FOLDER"])
FLAG = FOLDER / "away"
KIND = os.environ["FAULTS_AWAY"]


class Classic(RunObserver):
    """Has the interface of old: new points, the whole text."""

    def __init__(self, away: bool) -> None:
        self.away = away
        self.counts = {}
        self.wrong = None
        self.output = ""
        self.events = []
        self.meanwhile = 0
        self.inside = threading.Lock()

    def _arrived(self, event: str) -> None:
        assert self.inside.acquire(blocking=False), "told of two things at once"
        try:
            self.meanwhile += FLAG.exists()
            if self.away and KIND == "raise" and FLAG.exists():
                raise ConnectionError("the store is away")
            while self.away and FLAG.exists():
                time.sleep(0.01)
            if not self.events or self.events[-1] != event:
                self.events.append(event)
        finally:
            self.inside.release()

    def started_event(self, ex_info, command, host_info, start_time, config, meta_info, _id):
        self._arrived("started")
        return 1

    def log_metrics(self, metrics_by_name, info):
        self._arrived("log_metrics")
        for name, metric in metrics_by_name.items():
            self._take(name, metric["steps"], metric["values"])

    def _take(self, name: str, steps: list, values: list) -> None:
        """Compare at once instead of keeping: what the run itself needs of memory is measured."""
        index = self.counts.get(name, 0)
        for step, value in zip(steps, values, strict=True):
            if self.wrong is None and (step, value) != point_of(name, index):
                self.wrong = f"point {index} of {name} has step {step} and value {value}"
            index += 1
        self.counts[name] = index

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self._arrived("heartbeat")
        self.output = captured_out

    def artifact_event(self, name, filename):
        self._arrived(f"artifact {name}: {Path(filename).read_text()}")

    def completed_event(self, stop_time, result):
        self._arrived(f"completed {result}")


class Deltas(Classic):
    """Is given only what is new, of the output too."""

    def points_event(self, points):
        self._arrived("points_event")
        for metric in points:
            self._take(metric.name, metric.steps, metric.values)

    def heartbeat_event(self, info, beat_time, result):
        self._arrived("heartbeat")

    def output_event(self, text, position):
        self._arrived("output_event")
        self.output = self.output.encode()[:position].decode() + text


ex = Experiment("away", save_git_info=False)
observers = [make(away) for away in (True, False) for make in (Classic, Deltas)]
for one in observers:
    ex.observers.append(one)


def work(run, first: int, count: int) -> float:
    """Points, and a line for every hundredth; gives the longest pause between two steps, in seconds."""
    longest, last = 0.0, time.perf_counter()
    for number in range(first, first + count):
        log_point(run.log_scalar, number)
        if number % 100 == 0:
            print(line(number // 100))
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return longest


def artifact(run, name: str) -> None:
    """A file that is another one, or gone, by the time that the store is back."""
    path = FOLDER / name
    path.write_text(f"this was {name}")
    run.add_artifact(path)
    path.write_text("overwritten")
    path.unlink()


def memory() -> int:
    """Most that the process has had so far, in bytes; 0 where the system does not say."""
    try:
        # Not ru_maxrss, in which a process begins with the figure of its parent.
        with open("/proc/self/status", encoding="ascii") as file:
            return next(int(text.split()[1]) * 1024 for text in file if text.startswith("VmHWM"))
    except OSError:
        return 0


@ex.main
def main(_run):
    count, outage = int(os.environ["FAULTS_COUNT"]), float(os.environ["FAULTS_OUTAGE"])
    work(_run, 0, 1000)
    time.sleep(0.2)
    FLAG.touch()
    time.sleep(0.1)
    before = memory()
    began = time.perf_counter()
    longest = work(_run, 1000, count)
    artifact(_run, "during.txt")
    seen = {"longest": longest, "each": (time.perf_counter() - began) / count, "grown": memory() - before}
    time.sleep(outage)
    seen["meanwhile"] = [one.meanwhile for one in observers]
    FLAG.unlink()
    work(_run, 1000 + count, 1000)
    return seen


def left(one: Classic) -> dict:
    return {"counts": one.counts, "wrong": one.wrong, "output": one.output, "events": one.events}


ex.run_commandline()
run = ex.current_run
found = {"seen": run.result, "observers": [left(one) for one in observers]}
(FOLDER / "found.json").write_text(json.dumps(found))
