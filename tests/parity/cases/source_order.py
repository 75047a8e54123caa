# $ with seed=1
# $ with seed=1 d.x.y=50 s=9
# $ with seed=1 override
from sacred import Experiment

ex = Experiment("order")


@ex.config
def first():
    s = 1
    derived = s + 1
    d = {"x": {"y": 1, "z": 2}, "k": 3}
    kind = {"a": 1}
    number = 5


ex.add_config(d={"x": {"y": 10}})


@ex.config
def second(d, derived):
    d["x"]["w"] = derived
    kind = 7
    number = {"n": 1}


@ex.named_config
def override():
    d = {"x": {"z": -2}}
    kind = "word"


ex.add_config(last=True)


@ex.automain
def main(_config):
    for key in sorted(_config):
        print(key, _config[key])
