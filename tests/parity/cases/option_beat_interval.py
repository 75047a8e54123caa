# $ with seed=1 -b 0
# $ with seed=1 -b 0.05
# $ with seed=1 --beat-interval=-1
# $ with seed=1 -b 100
# R-8 the last beat is always sent
#   1 - out| beats 0 []
#   1 + out| beats 1 [{'k': 1}]
#   3 - out| beats 0 []
#   3 + out| beats 1 [{'k': 1}]
import time

from sacred import Experiment
from sacred.observers import RunObserver


class Beats(RunObserver):
    def __init__(self):
        self.beats = []

    def heartbeat_event(self, info, captured_out, beat_time, result):
        self.beats.append(dict(info))

    def completed_event(self, stop_time, result):
        print("beats", len(self.beats) if len(self.beats) < 2 else "several", self.beats[-1:])


ex = Experiment("beats")
beats = Beats()
ex.observers.append(beats)


@ex.automain
def main(_run):
    print(_run.beat_interval)
    _run.info["k"] = 1
    if _run.beat_interval == 0.05:
        for _ in range(400):
            if len(beats.beats) > 1:
                break
            time.sleep(0.01)
