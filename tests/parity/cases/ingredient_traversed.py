# $
# L21 an ingredient's command is called by its full name
#   1 - log| INFO - top - Running command 'show'
#   1 + log| INFO - top - Running command 'low.show'
# text the way to a circle is shown from the experiment on
#   1 - out| Circular dependency detected:first->second->first
#   1 + out| Circular dependency detected:circle->first->second->first
from sacred import Experiment, Ingredient
from sacred.utils import CircularDependencyError

low = Ingredient("low")
left = Ingredient("left", ingredients=[low])
right = Ingredient("right.deep", ingredients=[low])
ex = Experiment("top", ingredients=[left, right])
low.command(lambda: None)


@low.command
def show():
    "Show it."


@right.named_config
def tiny():
    pass


@left.config
def cfg():
    x = 1


@ex.main
def main(left, low):
    return left, low


print([(ingredient.path, depth) for ingredient, depth in ex.traverse_ingredients()])
print([name for name, command in ex.gather_commands()])
print([name for name, config in ex.gather_named_configs()])
print(ex.run("low.show", {"seed": 1}).status, ex.ingredients[0] is left, low.path)
info = ex.get_experiment_info()
print(sorted(info), info["name"], [name for name, digest in info["sources"]])
first, second = Ingredient("first"), Ingredient("second")
first.ingredients.append(second)
second.ingredients.append(first)
circle = Experiment("circle", ingredients=[first])
circle.main(lambda: None)
try:
    circle.run("<lambda>")
except CircularDependencyError as error:
    print(error)
same = Experiment("same", ingredients=[Ingredient("x"), Ingredient("x")])
same.command(lambda: None)
try:
    same.run("<lambda>")
except ValueError:
    print("ValueError")
