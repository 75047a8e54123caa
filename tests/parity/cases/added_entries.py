# $ with seed=1 b=3
# $ with seed=1 d.new=3
# $ with seed=1 zzz=3
# $ with seed=1 d.k.x=3
# $ with seed=1 other.x=3
# $ with seed=1 zzz=3 --force
# $ with seed=1 c=3
# $ with seed=1 --force zzz=3 print_config
# $ print_config with seed=1 b=3 d.new.x=3
from sacred import Experiment

ex = Experiment("added")


@ex.config
def cfg():
    a = 1
    d = {"k": {"l": 1}}


@ex.capture
def helper(c=None):
    return c


@ex.automain
def main(a, d, b=2):
    print(a, d, b, helper())
