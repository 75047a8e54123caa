"""A run whose store goes away in the middle; two artifacts, two phases of points and lines."""

import os
import time
from pathlib import Path

from hallow import SETTINGS, Experiment

from kit import acknowledgements, line, log_point
from mounted import MountedStore

SETTINGS.EXIT_TIMEOUT = 2
STORE = os.environ["FAULTS_STORE"]
ex = Experiment("never_back", save_git_info=False)
ex.observers.append(MountedStore(STORE))


@ex.config
def cfg():
    kind = "raise"
    half = 5000
    stay = False  # do not return, so that the process can be killed


@ex.automain
def main(kind, half, stay, _run):
    acked = acknowledgements()
    for number in range(2 * half):
        if number == half:
            time.sleep(0.3)
            Path(f"{STORE}.away").write_text(kind)
        log_point(_run.log_scalar, number)
        print(line(number))
        acked[0] = acked[1] = number + 1
    made = Path(os.environ["FAULTS_FOLDER"]) / "made.txt"
    made.write_text("made while the store was away")
    _run.add_artifact(made)
    made.unlink()
    _run.info["late"] = True
    time.sleep(0.5)  # info is as safe as the last beat
    acked[2] = 1
    while stay:
        time.sleep(1)
    acked[3] = time.monotonic_ns()
    return 42
