# $ print_named_configs
# $ print_named_configs with seed=1 a=2
from sacred import Experiment, Ingredient

data = Ingredient("data.deep")


@data.named_config
def small():
    """Only
    a few rows.

    Really."""
    rows = 1


@data.named_config
def plain():
    rows = 2


ex = Experiment("shown", ingredients=[data])
ex.add_config(a=1)


@ex.named_config
def one_line():
    "In one line."
    a = 2


# fmt: off
@ex.named_config
def closing():
    """Ends on its own.
    """
    a = 3
# fmt: on


ex.add_named_config("from_dict", {"a": 4})


@ex.automain
def main():
    pass
