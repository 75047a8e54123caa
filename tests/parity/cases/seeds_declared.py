# $
# $ with seed=4
# $ print_config
# text the user's own comment documents the seed
#   3 - out|   seed = SEED # the random seed for this experiment
#   3 + out|   seed = SEED # my own
from sacred import Experiment, Ingredient

ing = Ingredient("ing")
ex = Experiment("declared", ingredients=[ing])


@ing.config
def ing_cfg():
    seed = 11


@ing.capture
def draw(_seed, seed):
    return seed, _seed


@ex.config
def cfg():
    seed = 99  # my own


@ex.config
def more(seed):
    next_seed = seed + 1


@ex.automain
def main(_seed, seed, next_seed, ing):
    print(seed, _seed, next_seed, draw(), dict(ing))
