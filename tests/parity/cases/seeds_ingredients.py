# $ with seed=42
# $ with seed=42 data.seed=5
# $ with seed=42 data.paths.seed=6
# $ with seed=7
# $ print_config with seed=42 data.seed=5
# text the seed is documented also where the experiment has no config source
#   5 - out| <blue>   seed = 42
#   5 + out| <blue>   seed = 42                          # the random seed for this experiment
from sacred import Experiment, Ingredient

paths = Ingredient("data.paths")
data = Ingredient("data", ingredients=[paths])
model = Ingredient("model")
ex = Experiment("seeds", ingredients=[data, model])


@data.config
def data_cfg():
    n = 1


@paths.capture
def paths_seed(_seed):
    return _seed


@data.capture
def data_seed(_seed, _rnd):
    return _seed, float(_rnd.random())


@data.capture
def data_second(_seed):
    return _seed


@model.capture
def model_seed(_seed, _config):
    return _seed, sorted(_config)


@ex.capture
def own(_seed):
    return _seed


@ex.automain
def main(_seed, seed):
    print(seed, _seed)
    for _ in range(2):
        print(paths_seed(), data_seed(), data_second(), model_seed(), own())
