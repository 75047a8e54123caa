# $ with seed=1
# $ with seed=1 data.file=mine
# $ print_config with seed=1
# text the seed is documented also where the experiment has no config source
#   3 - out| <blue>   seed = 1
#   3 + out| <blue>   seed = 1                           # the random seed for this experiment
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.config
def data_cfg():
    file = "default"
    path = "/" + file


ex = Experiment("override", ingredients=[data])


@data.config
def override():
    file = "override"


@data.config
def more(path):
    file = "more"
    both = [file, path]


@ex.automain
def main(data):
    print(sorted(data.items()))
