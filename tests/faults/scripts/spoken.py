"""A short run that prints by several ways; with the mode fd also by those that pass Python by."""

import os
import random
import subprocess
import sys

from hallow import Experiment
from hallow.observers import FileStorageObserver

ex = Experiment("spoken", save_git_info=False)
ex.observers.append(FileStorageObserver(os.environ["FAULTS_STORE"]))


@ex.automain
def main(_run, _rnd):
    chance = random.Random()
    # Without descriptors in common, the order of two streams is that of flushing.
    often = 1.0 if _run.capture_mode == "sys" else 0.1
    print("FIRST WORDS", flush=True)
    for number in range(chance.randrange(1, 200)):
        print(f"{number} äöü €", file=chance.choice([sys.stdout, sys.stderr]), flush=chance.random() < often)
    if _run.capture_mode == "fd":
        sys.stdout.flush()
        os.write(1, b"past Python\n")
        subprocess.run([sys.executable, "-S", "-c", "print('of a child')"], check=True)
    print("LAST WORDS", end=chance.choice(["\n", ""]), flush=chance.random() < often)
    return chance.random()
