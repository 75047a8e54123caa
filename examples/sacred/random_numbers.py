"""Numbers by chance that repeat themselves: one seed for everything, another one for each call.

Run:    python -m hallow.as_sacred examples/sacred/random_numbers.py with seed=123
Prints: different in each call: True
        the same again: True
"""

import random

from sacred import Experiment
from sacred.randomness import create_rnd

ex = Experiment("random_numbers")


@ex.capture
def draw(_rnd, _seed):
    number = _rnd.random()
    return number, create_rnd(_seed).random() == number  # `_rnd` is what `_seed` makes


@ex.automain
def main(_seed):
    draws = [draw() for _ in range(3)]
    print("different in each call:", len({number for number, _ in draws}) == 3)
    print("the same again:", all(is_same for _, is_same in draws))
    return [random.random(), *(number for number, _ in draws)]  # the global generators are seeded as well
