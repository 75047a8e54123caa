# $ with seed=None
# $ with seed=2147483648
# $ with seed=0
from sacred import Experiment

ex = Experiment("seed_values")


@ex.automain
def main(seed, _seed):
    print(type(seed).__name__, seed if seed < 1 or seed > 2**31 - 1 else "?", 0 < _seed < 10**9)
