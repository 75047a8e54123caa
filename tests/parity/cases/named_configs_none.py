# $ print_named_configs
# $ with seed=1 anything
from sacred import Experiment

ex = Experiment("none")


@ex.automain
def main():
    pass
