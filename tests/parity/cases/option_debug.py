# $ with seed=1 -d
# $ wrong with seed=1 -d
# $ with seed=1 zz=3 -d
# $ with seed=1 nope -d
# $ fine with seed=1 -d
# $ with seed=1 -d -D
from sacred import Experiment
from sacred.utils import InvalidConfigError

ex = Experiment("debugged")


@ex.config
def cfg():
    a = 1


@ex.command
def wrong(a):
    raise InvalidConfigError("must be two", "a")


@ex.command
def fine(a):
    return a


@ex.automain
def main(a):
    {}["missing"]
