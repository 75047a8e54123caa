# $ with seed=1
# $ with seed=1 extra.json
# $ with seed=1 extra.json a=7 d.y=8
# $ print_config with seed=1 extra.json
# $ with seed=1 missing.json
# C16 a missing config file is reported as such
#   5 - error| KeyError
#   5 + error| ConfigError
import json

with open("base.json", "w") as file:
    json.dump({"a": 1, "d": {"x": 1, "y": [1, 2]}, "t": {"py/tuple": [1, 2]}}, file)
with open("extra.json", "w") as file:
    json.dump({"a": 3, "d": {"x": 5}}, file)

from sacred import Experiment

ex = Experiment("files")
ex.add_config("base.json")


@ex.config
def cfg(a):
    b = a * 2


@ex.automain
def main(a, b, d, t):
    print(a, b, sorted(d.items()), t)
