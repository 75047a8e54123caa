# $ with seed=42
# $ first with seed=42
# $ second with seed=42
# $ data.third with seed=42
# $ data.third with seed=42 data.seed=7
# L21 an ingredient's command is called by its full name
#   4 - log| INFO - commands - Running command 'third'
#   4 + log| INFO - commands - Running command 'data.third'
#   5 - log| INFO - commands - Running command 'third'
#   5 + log| INFO - commands - Running command 'data.third'
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.command
def third(_seed, _rnd, _run):
    print(_seed, _rnd.random(), _run.config["seed"])


ex = Experiment("commands", ingredients=[data])


@ex.command
def first(_seed, _rnd):
    print(_seed, _rnd.integers(100))


@ex.pre_run_hook
def hook(_seed):
    print("hook", _seed)


@ex.command
def second(seed, _rnd):
    import random

    print(seed, _rnd.random(), random.random())


@ex.automain
def main(_seed, _rnd, _run):
    first()
    first()
    third()
    print(_seed, _rnd.normal(), _run.config["data"])
