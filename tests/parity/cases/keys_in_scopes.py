# $ dotted with seed=1
# $ dollar with seed=1
# $ tag with seed=1
# $ equals with seed=1
# $ number with seed=1
# $ inlist with seed=1
import sys

from sacred import Experiment

which = sys.argv[1]
ex = Experiment("keys")


@ex.config
def cfg():
    d = {
        "dotted": {"a.b": 1},
        "dollar": {"$a": 1},
        "tag": {"py/tuple": 1},
        "equals": {"a=b": 1},
        "number": {1: {"x": 2}, (1, 2): 3},
        "inlist": [{"x": [{"a.b": 1}]}],
    }[which]


@ex.command
def number(d):
    print(d)


for name in ("dotted", "dollar", "tag", "equals", "inlist"):

    def function(d):
        print(d)

    function.__name__ = name
    ex.command(function)

if __name__ == "__main__":
    ex.run_commandline()
