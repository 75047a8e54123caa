# $ with seed=42
# $ with seed=7
# $ with seed=1
from sacred import Experiment

ex = Experiment("golden")


@ex.capture
def a(_seed, _rnd):
    return _seed, float(_rnd.random())


@ex.capture
def quiet(x=1):
    return x


@ex.capture
def b(_rnd, n=3):
    return [int(i) for i in _rnd.integers(0, 1000, size=n)]


@ex.command
def command(_seed):
    print("command", _seed)


@ex.automain
def main(_seed, _rnd, seed):
    import random

    import numpy

    print(seed, _seed, random.random(), float(numpy.random.rand()))
    for _ in range(3):
        print(a(), quiet(), b(), b(n=1))
    command()
    print(float(_rnd.normal()))
