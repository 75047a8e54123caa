# $ with seed=42
# $ with seed=7 b.seed=3
# $ with seed=7 a.x.seed=4 c.seed=9
# $ print_config with seed=7 b.seed=3
# text the seed is documented also where the experiment has no config source
#   4 - out| <blue>   seed = 7
#   4 + out| <blue>   seed = 7                           # the random seed for this experiment
from sacred import Experiment, Ingredient

ax = Ingredient("a.x")
ay = Ingredient("a.y")
axz = Ingredient("a.x.z")
ax.ingredients.append(axz)
a = Ingredient("a", ingredients=[ax, ay])
b = Ingredient("b")
c = Ingredient("c")
ex = Experiment("tree", ingredients=[a, b, c])
functions = []


def register(ingredient):
    @ingredient.capture
    def first(_seed):
        return _seed

    @ingredient.capture
    def second(_rnd, _seed):
        return _seed, int(_rnd.integers(1000)), float(_rnd.random())

    functions.append((ingredient.path, first, second))


for ingredient in (c, b, a, axz, ay, ax, ex):
    register(ingredient)


@ex.automain
def main(_seed):
    print(_seed)
    for path, first, second in functions:
        print(path, first(), second(), first())
