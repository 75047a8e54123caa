"""A program that ends itself at once, as some libraries do: `hallow recover runs` brings all that was recorded.

Run:    python -m hallow.as_sacred examples/sacred/hard_exit.py -F runs
Prints: half of the work is done
"""

import os
import sys

from sacred import Experiment

ex = Experiment("hard_exit")


@ex.automain
def main(_run):
    for step in range(50):
        _run.log_scalar("work", step)
    print("half of the work is done")
    sys.stdout.flush()
    os._exit(3)
