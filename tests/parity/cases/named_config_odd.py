# $ with seed=1 silent
# $ with seed=1 silent loud a=4
# $ with seed=1 loud.json
# $ with seed=1 ./loud
# $ with seed=1 missing.yaml
# $ with seed=1 data.missing
# $ with seed=1 other.missing
# $ with
# C16 a file that is not there is a configuration error
#   3 - error| KeyError
#   3 + error| ConfigError
#   5 - error| KeyError
#   5 + error| ConfigError
# L1 `with` without an update is a usage error, not a command
#   8 + err| Usage
#   8 - out| Usage:
#   8 - out|   named_config_odd.py [(with UPDATE...)] [options]
#   8 - out|   named_config_odd.py help [COMMAND]
#   8 - out|   named_config_odd.py (-h | --help)
#   8 - out|   named_config_odd.py COMMAND [(with UPDATE...)] [options]
#   8 - out| Error: Command "with" not found. Available commands are: print_config, print_dependencies, save_config, print_named_configs, main
from sacred import Experiment, Ingredient

data = Ingredient("data")
data.add_config(rows=1)
ex = Experiment("odd", ingredients=[data])
ex.add_config(a=1)


@ex.named_config
def silent():
    print("silent speaks")


@ex.named_config
def loud():
    a = 3
    data = {"rows": 5}


@ex.automain
def main(a, data):
    print(a, data)
