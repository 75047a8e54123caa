# $ with seed=3
# $ with seed=3 a=5
# $ print_config with seed=3 a=5
# $ nope
# $ -h
from sacred import Experiment

ex = Experiment("demo")


@ex.config
def cfg():
    """What the demo needs."""
    a = 1  # how many
    b = a * 2


@ex.automain
def main(a, b, _seed):
    """Do it."""
    print(a, b, _seed)
    return a + b
