# $ save_config with seed=1 a=5
# $ with config.json
# $ with config.json a=7
# $ save_config with seed=2 config_filename=other.json
# $ save_config with seed=3 config_filename=wrong.xyz
# $ save_config with seed=4 -F runs
from sacred import Experiment, Ingredient

ing = Ingredient("ing")


@ing.config
def ing_cfg():
    x = {"y": [1, 2.5, None]}


ex = Experiment("saved", ingredients=[ing])


@ex.config
def cfg():
    """What is saved."""
    a = 1
    d = {"k": True}
    t = (1, 2)


@ex.automain
def main(a, d, ing, seed, t):
    print(a, d, ing, seed, t)
