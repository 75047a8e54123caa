# $
# text an ingredient without a path is refused where it is made
#   1 - out| fine
#   1 - out| fine
#   1 + out| IngredientPathError
#   1 + out| IngredientPathError
from sacred import Experiment, Ingredient

for make in (
    lambda: Experiment(interactive=True),
    lambda: exec("from sacred import Experiment\nExperiment()", {}),
    lambda: exec("from sacred import Experiment\nExperiment('named')", {}),
    lambda: exec("from sacred import Ingredient\nIngredient('named')", {}),
):
    try:
        print(make())
    except RuntimeError:
        print("RuntimeError")
space = {}
exec(
    """
from sacred import Experiment
ex = Experiment("typed", interactive=True, save_git_info=False)
ex.add_config(a=1)

@ex.main
def main(a):
    return a

run = ex.run(config_updates={"seed": 1, "a": 4})
""",
    space,
)
ex = space["ex"]
print(ex.mainfile, ex.path, ex.doc, space["run"].result, space["run"].experiment_info["mainfile"])
print(Ingredient("ing", interactive=True).path)
for path in ("", None):
    try:
        Ingredient(path)
        print("fine")
    except Exception as error:
        print(type(error).__name__)
