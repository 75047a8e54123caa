# $ with seed=1
# $ with seed=2 a=5
from sacred import Experiment

inner = Experiment("inner")


@inner.config
def inner_cfg():
    x = 10


@inner.main
def inner_main(x, _seed, _log):
    _log.info("inner main")
    return x, _seed


outer = Experiment("outer")


@outer.config
def outer_cfg():
    a = 1


@outer.capture
def draw(_seed):
    return _seed


@outer.automain
def main(a):
    before = draw()
    result = inner.run(config_updates={"x": a, "seed": 3}).result
    print(before, result, draw(), a)
    return result
