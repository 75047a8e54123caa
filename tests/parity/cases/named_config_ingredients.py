# $ with seed=1 far
# $ with seed=1 far data.near
# $ with seed=1 data.near far
# $ with seed=1 far data.rows=3
# $ with seed=1 both.json
# $ with seed=1 data.fromdict
# $ print_config with seed=1 far
# text warnings show the full path of the entry
#   2 - log| WARNING - data - Added new config entry: "name"
#   2 + log| WARNING - data - Added new config entry: "data.name"
#   3 - log| WARNING - data - Added new config entry: "name"
#   3 + log| WARNING - data - Added new config entry: "data.name"
import json

with open("both.json", "w") as file:
    json.dump({"a": 9, "data": {"rows": 90}}, file)

from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.config
def data_cfg():
    rows = 1
    cols = rows + 1


@data.named_config
def near():
    rows = 10
    name = "near"


data.add_named_config("fromdict", {"rows": 77})
ex = Experiment("nested", ingredients=[data])


@ex.config
def cfg(data):
    a = data["rows"]


@ex.named_config
def far():
    data = {"rows": 1000, "cols": -5}
    a = 3


@data.capture
def use(name=None):
    return name


@ex.automain
def main(a, data):
    print(a, sorted(data.items()), use())
