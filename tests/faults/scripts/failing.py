"""A run with two observers, of which one raises on the event FAULTS_EVENT; ends as FAULTS_ENDING says."""

import json
import os
import time
from pathlib import Path

from hallow import SETTINGS, Experiment
from hallow.observers import FileStorageObserver
from hallow.testing import RecordingObserver

from kit import line, log_point

FOLDER = Path(os.environ["FAULTS_FOLDER"])
SETTINGS.EXIT_TIMEOUT = 1

ex = Experiment("failing", save_git_info=False)
failing = RecordingObserver(fail={os.environ["FAULTS_EVENT"]: ConnectionError("the store is away")}, priority=50)
ex.observers.append(failing)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


def work(run, first: int) -> None:
    for number in range(first, first + 100):
        log_point(run.log_scalar, number)
        print(line(number))
    time.sleep(0.12)  # some beats


@ex.main
def main(_run):
    resource = FOLDER / "resource.txt"
    resource.write_text("read by the run")
    artifact = FOLDER / "artifact.txt"
    artifact.write_text("made by the run")
    work(_run, 0)
    _run.open_resource(resource).close()
    _run.add_artifact(artifact)
    _run.info["known"] = [1, 2, 3]
    work(_run, 100)
    ending = os.environ["FAULTS_ENDING"]
    if ending == "raise":
        raise ValueError("as planned")
    if ending == "interrupt":
        raise KeyboardInterrupt
    return 7


try:
    ex.run_commandline()
finally:
    (FOLDER / "events.json").write_text(json.dumps(failing.names))
