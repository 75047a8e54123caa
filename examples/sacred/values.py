"""What becomes of a value on the command line: it is read as Python, and what is no Python is text.

Run:    python -m hallow.as_sacred examples/sacred/values.py with c='["hello", "world"]' b=2
Prints: a is 1, a number
        b is 2, a number
        c is ['hello', 'world'], a list
"""

from numbers import Number

from sacred import Experiment

ex = Experiment("values")


@ex.config
def cfg():
    a = 1
    b = "abc"
    c = None


def kind(value):
    kinds = ((Number, "number"), (str, "text"), (list, "list"), (dict, "mapping"))
    return next((f"a {name}" for of, name in kinds if isinstance(value, of)), "nothing")


@ex.automain
def main(_config):
    for name in "abc":
        print(f"{name} is {_config[name]}, {kind(_config[name])}")
