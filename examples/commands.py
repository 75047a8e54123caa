"""Several commands of one experiment: each is named on the command line, takes what it needs, and can have options.

Run:    python examples/commands.py evaluate with checkpoint=best.npz small
Prints: evaluating best.npz on 10 rows
"""

from hallow import Experiment

ex = Experiment("commands")


@ex.config
def cfg():
    rows = 1000  # of the data set
    checkpoint = "last.npz"  # what to evaluate


@ex.named_config
def small():
    """Just enough to see that everything works."""
    rows = 10


@ex.command
def evaluate(checkpoint, rows):
    """Measure a stored model."""
    print(f"evaluating {checkpoint} on {rows} rows")


@ex.command(unobserved=True)
def describe(rows):
    """Say what would be used; leaves no record."""
    print(f"{rows} rows")


@ex.automain
def train(rows):
    """Train a model."""
    print(f"training on {rows} rows")
