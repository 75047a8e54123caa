# $ with seed=1
# $ with seed=1 data.x=3
# $ with seed=1 data.y=3
# $ with seed=1 data.seed=9
# $ print_config with seed=1 data.x=3
# $ with seed=1 data.x.deep=3 -F runs
# text warnings show the full path of the entry
#   2 - log| WARNING - data - Added new config entry: "x"
#   2 + log| WARNING - data - Added new config entry: "data.x"
#   5 - log| WARNING - data - Added new config entry: "x"
#   5 + log| WARNING - data - Added new config entry: "data.x"
#   6 - log| WARNING - data - Added new config entry: "x.deep"
#   6 + log| WARNING - data - Added new config entry: "data.x.deep"
# text the seed is documented also where the experiment has no config source
#   5 - out| <blue>   seed = 1
#   5 + out| <blue>   seed = 1                           # the random seed for this experiment
# C33 the value that the user gave is shown
#   3 - err|   data.y=None
#   3 + err|   data.y=3
from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "sys"
data = Ingredient("data")
ex = Experiment("plain", ingredients=[data])


@data.capture
def use(x=1):
    return x


@ex.automain
def main(_config):
    print(use(), sorted(_config.items()))
