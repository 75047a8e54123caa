# $ with seed=7
from sacred import Experiment

ex = Experiment("seeds_given", save_git_info=False)
ex.add_config(a=1)


@ex.capture
def seed(_seed):
    return _seed


@ex.capture
def both(a, _rnd, _seed=3):
    return a, _seed


@ex.automain
def main():
    print(seed(), seed())
    print(seed(_seed=5), seed(6), seed())
    print(both(_rnd=1), both(2, 3, 4), both(_rnd=1, _seed=2), both())
