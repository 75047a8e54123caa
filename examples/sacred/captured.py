"""Captured functions: what a call leaves out comes from the configuration; what nobody gives is an error.

Run:    python -m hallow.as_sacred examples/sacred/captured.py
Prints: 1 2 3
        1 42 baz
        1 42 12

The run fails then: `report is missing value(s): ['a']`.
"""

from sacred import Experiment

ex = Experiment("captured")


@ex.config
def cfg():
    foo = 42
    bar = "baz"


@ex.capture
def report(a, foo, bar=10):  # the default is used only where the configuration has no `bar`
    print(a, foo, bar)


@ex.automain
def main():
    report(1, 2, 3)
    report(1)
    report(1, bar=12)
    report()
