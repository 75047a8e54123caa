# $
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.config
def data_cfg():
    n = 1


@data.capture
def load(n, _seed):
    return n, _seed


first = Experiment("first", ingredients=[data])
second = Experiment("second", ingredients=[data])


@first.main
def first_main(_seed):
    return load(), _seed


@second.main
def second_main(data, _seed):
    return dict(data), load(), load(), _seed


print(first.run(config_updates={"seed": 1}).result)
print(second.run(config_updates={"seed": 1, "data": {"n": 5}}).result)
print(first.run(config_updates={"seed": 1, "data.n": 3}).result)
print(load.__name__, [i.path for i, _ in first.traverse_ingredients()])
