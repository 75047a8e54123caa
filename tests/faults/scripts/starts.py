"""Is ready, waits for the others, and runs."""

import os
import time
from pathlib import Path

from hallow import Experiment
from hallow.observers import FileStorageObserver

from kit import acknowledgements

acked = acknowledgements()
ex = Experiment("starts", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


@ex.config
def cfg():
    number = 0


@ex.main
def main(number, _run):
    print(f"this is number {number}")
    _run.log_scalar("number", number)
    return number


acked[2] = 1
while not Path(os.environ["FAULTS_GO"]).exists():
    time.sleep(0.001)
ex.run_commandline()
