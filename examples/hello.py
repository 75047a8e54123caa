"""The smallest experiment: a configuration, a main function, one derived value.

Run:    python examples/hello.py with name=Bob
Prints: Hello Bob!
"""

from hallow import Experiment

ex = Experiment("hello")


@ex.config
def cfg():
    name = "world"  # whom to greet
    message = f"Hello {name}!"


@ex.automain
def main(message):
    print(message)
