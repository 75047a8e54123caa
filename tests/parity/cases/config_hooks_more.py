# $ with seed=1
# $ with seed=1 a=5
# $ other with seed=1
# $ print_config with seed=1
from sacred import Experiment, Ingredient

data = Ingredient("data")
data.add_config(rows=1)
ex = Experiment("hooks", ingredients=[data])
ex.add_config(a=1, d={"x": 1})


@data.config_hook
def of_data(config, command_name, logger):
    print("data", config["data"], command_name)
    return {"rows": config["data"]["rows"] + 1}


@ex.config_hook
def of_ex(config, command_name, logger):
    logger.info("hook")
    config["a"] = 99
    return {"d": {"x": 2, "new": 3}, "from_hook": command_name}


for wrong in (lambda config: {}, lambda config, command, logger: {}):
    try:
        ex.config_hook(wrong)
    except ValueError:
        print("ValueError")


@ex.command
def other(from_hook, d):
    return from_hook, d["x"]


@ex.automain
def main(a, d, data, from_hook):
    print(a, dict(d), data["rows"], from_hook)
