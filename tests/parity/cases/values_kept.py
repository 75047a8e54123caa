# $ with seed=1
# $ with seed=1 -F runs
# $ print_config with seed=1
# S-1 strict JSON
#   0 - runs/1/config.json| inf = Infinity
#   0 + runs/1/config.json| inf.py/float = "inf"
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("values")


@ex.config
def cfg():
    import numpy as np

    s = 1
    t = (1, (2, 3))
    n = {"f": np.float64(0.5), "i": np.int32(3), "b": np.bool_(True), "l": [np.float32(1.5)]}
    inf = float("inf")
    deep = [{"k": (1,)}]
    text = "naïve"
    big = 10**20
    del np


@ex.automain
def main(t, n, inf, deep, text, big):
    print(t, n, inf, deep, text, big)
    print([type(v).__name__ for v in n.values()], type(t).__name__, type(deep[0]["k"]).__name__)
