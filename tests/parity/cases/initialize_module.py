# $
from sacred import Experiment, Ingredient
from sacred.initialize import create_run, create_scaffolding, gather_ingredients_topological
from sacred.run import Run

data = Ingredient("data")
data.add_config(rows=1)
ex = Experiment("initialized", ingredients=[data])


@ex.config
def cfg(data):
    a = data["rows"] + 1


@ex.named_config
def big():
    a = 100


@ex.main
def main(a, data):
    return a, data["rows"]


run = create_run(ex, "main", {"seed": 1, "data": {"rows": 5}})
print(isinstance(run, Run), run.status, run.config, run.observers)
print(run(), run.status)
print(create_run(ex, "main", {"seed": 1}, ("big",)).config)
print(create_run(ex, "main", {"seed": 1, "zzz": 2}, force=True).config)
ingredients = gather_ingredients_topological(ex)
print([ingredient.path for ingredient in ingredients], list(ingredients.values()))
scaffolding = create_scaffolding(ex, ingredients)
print(list(scaffolding), type(scaffolding[""]).__name__)
