# $ with seed=1 quick
# $ with seed=1 quick slow
# $ with seed=1 slow quick
# $ with seed=1 quick a=9
# $ with seed=1 a=9 quick
# $ with seed=1 fromdict
# $ with seed=1 chained
# $ with seed=1 quick chained
# $ with seed=1 nonex
# $ print_named_configs
# $ print_config with seed=1 quick fromdict
# C15 a named config may ask for default entries
#   7 - exit 1
#   7 + exit 0
#   7 - error| KeyError
#   7 + out| 1 1001 {'x': 1, 'y': 2} None
#   7 + log| WARNING - named - No observers have been added to this run
#   7 + log| INFO - named - Started
#   7 + log| INFO - named - Completed after H:MM:SS
# L21 an ingredient's command is called by its full name
#   7 + log| INFO - named - Running command 'main'
from sacred import Experiment

ex = Experiment("named")


@ex.config
def cfg():
    """Defaults."""
    a = 1
    b = a * 2
    d = {"x": 1, "y": 2}


@ex.named_config
def quick():
    """Few rows only."""
    a = 5
    d = {"x": 50}


@ex.named_config
def slow():
    """Takes its time.

    A lot of it.
    """
    a = 100
    d = {"y": 60}
    speed = "slow"


@ex.named_config
def chained(a):
    b = a + 1000


ex.add_named_config("fromdict", {"b": -1, "d": {"x": -2}})
ex.add_named_config("fromkw", b=3)


@ex.automain
def main(a, b, d, speed=None):
    print(a, b, d, speed)
