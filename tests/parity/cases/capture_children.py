# $ with seed=1 -C fd
import subprocess
import sys

from sacred import Experiment
from sacred.observers import RunObserver


class Shown(RunObserver):
    def completed_event(self, stop_time, result):
        lines = ex.current_run.captured_out.splitlines()
        kept = sorted(line for line in lines if "child" in line and "INFO" not in line)
        sys.__stdout__.write(f"captured {kept}\n")


ex = Experiment("children")
ex.observers.append(Shown())


@ex.automain
def main():
    import time

    subprocess.run(["echo", "from a child"])
    subprocess.run(["sh", "-c", "echo child error >&2"])
    time.sleep(0.3)
