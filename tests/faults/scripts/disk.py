"""Logs and prints until the disk is full, and then goes on."""

import os
import signal
import time

from hallow import Experiment
from hallow.observers import FileStorageObserver

from kit import acknowledgements, line, log_point

ex = Experiment("disk", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


@ex.config
def cfg():
    count = 10
    limit = 0  # bytes that a file may have from here on
    ballast = ""  # a file that is taken away at the point of number free_at
    free_at = -1


def limit_files(limit: int) -> None:
    import resource

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@ex.automain
def main(count, limit, ballast, free_at, _run):
    acked = acknowledgements()
    if limit:
        limit_files(limit)
    for number in range(count):
        log_point(_run.log_scalar, number)
        acked[0] = number + 1
        print(line(number))
        acked[1] = number + 1
        if number % 10_000 == 9_999:
            time.sleep(0.1)  # so that there are some beats
        if number == free_at:
            os.unlink(ballast)
            time.sleep(1)
