"""Metrics: numbers with steps, by the run or by the experiment.

Run:    python -m hallow.as_sacred examples/sacred/metrics.py -F runs
Prints: 5 points

A metric without steps counts them itself.
"""

from sacred import Experiment

ex = Experiment("metrics")


@ex.config
def cfg():
    points = 5


@ex.capture
def train(points, _run):
    for number in range(points):
        _run.log_scalar("loss", 1 / (number + 1))
        ex.log_scalar("accuracy", number / points, 10 * number)
    print(points, "points")


@ex.automain
def main():
    train()
