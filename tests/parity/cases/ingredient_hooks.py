# $ with seed=1
# $ with seed=1 data.n=5
# $ with seed=1 data.n=5 m=1
from sacred import Experiment, Ingredient

data = Ingredient("data")
ex = Experiment("hooked", ingredients=[data])


@data.config
def data_cfg():
    n = 1
    twice = n * 2


@data.config_hook
def data_hook(config, command_name, logger):
    print("data", command_name, sorted(config), logger.name)
    return {"n": 10, "sub": {"k": 1}}


@ex.config
def cfg(data):
    m = data["n"]
    d = {"x": 1, "y": 2}


@ex.config_hook
def first(config, command_name, logger):
    print("first", command_name, sorted(config["data"].items()), config["m"], "seed" in config)
    config["m"] = "changed"
    return {"d": {"x": 5}, "m": 77}


@ex.config_hook
def second(config, command_name, logger):
    print("second", config["m"], config["d"])
    logger.warning("from the hook")
    return {"d": {"y": 6}}


@ex.automain
def main(data, m, d):
    print(sorted(data.items()), m, d)
