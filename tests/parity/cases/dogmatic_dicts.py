# $ with seed=1
# $ with seed=1 d.a=10
# $ with seed=1 d.sub.x=10 d.a=10
from sacred import Experiment

ex = Experiment("dogmatic")


@ex.config
def cfg():
    d = {}
    d["a"] = 1
    has = "a" in d
    d.update({"b": 2, "sub": {"x": 1, "y": 2}})
    d["sub"]["x"] = d["a"] + 5
    d["sub"]["z"] = 3
    keys = sorted(d)
    size = len(d)
    got = d.get("a", 0) + d.get("nothing", 100)
    pairs = sorted((k, v) for k, v in d.items() if k != "sub")
    del d["b"]
    copied = d.copy()


@ex.automain
def main(d, has, keys, size, got, pairs, copied):
    print(sorted(d.items(), key=str), has, keys, size, got, pairs, sorted(copied))
    print(sorted(d["sub"].items()))
