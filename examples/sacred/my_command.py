"""Commands: further functions that the command line can call.

Run:    python -m hallow.as_sacred examples/sacred/my_command.py greet with name=Ada
Prints: Good morning, Ada!
"""

from sacred import Experiment

ex = Experiment("my_command")


@ex.config
def cfg():
    name = "Kyle"


@ex.command
def greet(name):
    """Say good morning to somebody."""
    print(f"Good morning, {name}!")


@ex.command(unobserved=True)
def shout():
    """Be loud; no store keeps it."""
    print("GOOD MORNING!")


@ex.automain
def main():
    print("Call me with `greet` or `shout`.")
