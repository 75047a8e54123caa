"""An ingredient with an ingredient of its own."""

from sacred import Ingredient

paths = Ingredient("data.paths")
data = Ingredient("data", ingredients=[paths])
paths.add_config(root="/data", deep={"er": {"est": [1, {"x": None}]}}, seed=5)
data.add_config(size=100, seed=4)


def prepared(text):
    """Text as main prints it."""
    return f"{text}\n"
