# $ with seed=1
# $ with seed=1 a=4
# $ with seed=1 c=0
from sacred import Experiment

ex = Experiment("parameters")
ex.add_config(a=2, d={"x": 1, "y": 2})


@ex.config
def second(a, d):
    b = a * 10
    d["z"] = b
    del d["y"]


@ex.config
def third(b, *, a: int):
    c = a + b
    a = 100


@ex.config
def fourth(d, _log):
    _log.info("d has %s", sorted(d))
    d["late"] = True


@ex.automain
def main(a, b, c, d):
    print(a, b, c, sorted(d.items()))
