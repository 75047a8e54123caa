"""Logs and prints for ever, into whatever store the environment names."""

import os
import time
from itertools import count as counted

from hallow import Experiment
from hallow.observers import observer_for

from kit import acknowledgements, line, log_point

ex = Experiment("everywhere", save_git_info=False)
ex.observers.append(observer_for(os.environ["FAULTS_STORE"]))


@ex.automain
def main(_run):
    acked = acknowledgements()
    for number in counted():
        log_point(_run.log_scalar, number)
        acked[0] = number + 1
        print(line(number))
        acked[1] = number + 1
        if number % 50 == 0:
            time.sleep(0.001)
