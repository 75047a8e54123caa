# $ with seed=1
# $ print_config with seed=1
# $ with seed=1 -F runs
# $ with seed=1 shared.k=2
# text the seed is documented also where the experiment has no config source
#   2 - out| <blue>   seed = 1
#   2 + out| <blue>   seed = 1                           # the random seed for this experiment
from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "sys"
shared = Ingredient("shared")
empty = Ingredient("empty")
left = Ingredient("left", ingredients=[shared])
right = Ingredient("right", ingredients=[shared, empty])
ex = Experiment("diamond", ingredients=[left, right])


@shared.config
def shared_cfg():
    k = 1


@left.config
def left_cfg(shared):
    a = shared["k"] + 1


@right.config
def right_cfg(shared):
    b = shared["k"] + 2


@empty.capture
def nothing(_config):
    return _config


@ex.automain
def main(left, right, shared, _config):
    print(left, right, shared, sorted(_config), nothing())
