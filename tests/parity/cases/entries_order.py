# $ with seed=1
# $ with seed=1 kind=sgd
from sacred import Experiment

ex = Experiment("order")


@ex.config
def cfg():
    kind = "adam"
    if kind == "sgd":
        momentum = 0.9
        lr = 0.1
    else:
        beta = 0.99
        lr = 0.001
    model = {"size": 1}
    gone = 1
    last = 2
    del gone
    gone = 3


@ex.config
def more(model):
    width = model["size"] * 2


@ex.automain
def main(_config):
    print(" ".join(f"{name}={value}" for name, value in _config.items()))
