# $ with seed=1
# $ with seed=1 n=5 d.x=6 new=7
# $ with seed=1 named
# $ print_config with seed=1 n=5
# text what a config hook sets is no added entry
#   2 - log| WARNING - root - Added new config entry: "new"
from sacred import Experiment

ex = Experiment("hook_values")


@ex.config
def cfg():
    n = 1
    twice = n * 2
    d = {"x": 1, "y": {"z": 2}}
    l = [1, 2]


@ex.named_config
def named():
    n = 100
    d = {"y": {"z": -1}}


@ex.config_hook
def hook(config, command_name, logger):
    return {"n": 50, "d": {"x": 60, "y": {"z": 70, "w": 80}}, "l": [9], "new": (1, 2), "twice": config["n"] + 1}


@ex.config_hook
def none(config, command_name, logger):
    return {}


@ex.automain
def main(n, twice, d, l, new):
    print(n, twice, d["x"], sorted(d["y"].items()), l, new)
