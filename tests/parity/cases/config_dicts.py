# $ with seed=1
# $ with seed=1 a=5 d.x=6
# $ print_config with seed=1 d.y=3
# C32 changes are detected whatever the number and kind of sources
#   3 - out|   seed = 1                           # the random seed for this experiment
#   3 + out| <blue>   seed = 1                           # the random seed for this experiment
from sacred import Experiment

ex = Experiment("dicts")
ex.add_config({"a": 1, "d": {"x": 1, "y": 2}, "t": (1, 2)})


@ex.config
def cfg(a):
    b = a + 1
    d = {"z": 3}


ex.add_config(c=[1, {"q": 2}], d={"x": 10})


@ex.automain
def main(a, b, c, d, t):
    print(a, b, c, d, t)
