# $ with seed=1
# $ with seed=1 d.a=10
# $ with seed=1 d.e.f=11 d.e.new=12
# $ with seed=1 'd={"a": 5}'
# $ with seed=1 d=3
# $ with seed=1 'l=[7]' a=None n=4 d.e=None
# C3 true line numbers
#   6 - err| line 13 in <module>
#   6 + err| line 11 in cfg
from sacred import Experiment

ex = Experiment("fixed")


@ex.config
def cfg():
    a = 1
    d = {"a": a, "b": 2, "e": {"f": 3}}
    if isinstance(d, dict):
        d["c"] = d["a"] + 100
        copied = dict(d)
    l = [1, 2]
    l.append(3)
    l += [4]
    n = None
    size = len(l)


@ex.automain
def main(_config, d, l, size, n, a):
    print(a, d, l, size, n)
