# $ with seed=1
# $ with seed=1 data.rows=3
# $ print_config with seed=1
# L17 hooks are not run for built-in commands
#   3 - out| before 10
#   3 - out| after 10
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.config
def data_config():
    rows = 10
    options = {"header": True}


ex = Experiment("handed", ingredients=[data])


@ex.config
def config(data):
    rows = data["rows"]
    total = rows * 2
    header = data["options"]["header"]


@data.capture
def load(rows, options, _config, _log):
    return rows, options["header"], sorted(_config)


@data.pre_run_hook
def before(rows):
    print("before", rows)


@data.post_run_hook
def after(rows):
    print("after", rows)


@ex.automain
def main(total, data, _config):
    print(total, load(), load(rows=1), data["rows"], sorted(_config))
