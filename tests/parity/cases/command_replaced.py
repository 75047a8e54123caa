# $ print_config with seed=1
# $ greet with seed=1
# $ -h
from sacred import Experiment

ex = Experiment("replaced")


@ex.command
def greet():
    """Old."""
    print("old")


@ex.command
def greet():
    """New."""
    print("new")


@ex.command
def print_config(_config):
    """Mine."""
    print("mine", dict(_config))


@ex.automain
def main():
    pass
