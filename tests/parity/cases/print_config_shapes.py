# $ print_config with seed=1
# $ print_config with seed=1 d.a=2 d.deep.er.k=1 t.q=5 empty.x=1
# $ print_config with seed=1 name=5 long=3
from sacred import Experiment, Ingredient

ing = Ingredient("ing.sub")


@ing.config
def ing_cfg():
    """Of the ingredient."""
    k = 1  # a doc
    seed = 3  # not shown


ex = Experiment("shapes", ingredients=[ing])


@ex.config
def cfg():
    """One line."""
    z = 1
    name = "text"  # words
    empty = {}  # nothing
    d = {"deep": {"er": {"k": None}}, "a": 1.5}  # nested
    t = {"q": [1, 2]}
    l = []
    a_name_of_exactly_some_length_x = 1  # doc
    long = "x" * 50  # pushed


@ex.capture
def use(d, empty):
    pass


@ex.automain
def main():
    pass
