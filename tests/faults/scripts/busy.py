"""Logs and prints at full speed, for ever or ``count`` times."""

import os
import time
from itertools import count as counted

from hallow import Experiment
from hallow.observers import FileStorageObserver

from kit import acknowledgements, line, log_point

ex = Experiment("busy", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


@ex.config
def cfg():
    count = 0  # 0: for ever
    pause = 0.0  # seconds after each point
    exit_at = -1  # number of the point after which the process ends without a word


@ex.automain
def main(count, pause, exit_at, _run):
    acked = acknowledgements()
    for number in range(count) if count else counted():
        log_point(_run.log_scalar, number)
        acked[0] = number + 1
        print(line(number))
        acked[1] = number + 1
        if number == exit_at:
            os._exit(3)
        if pause:
            time.sleep(pause)
    acked[3] = time.monotonic_ns()
