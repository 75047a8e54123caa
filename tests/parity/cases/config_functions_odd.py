# $ with seed=1
# $ with seed=1 x=5
# $ print_config with seed=1
# C7 annotations make no entry
#   3 - out|   __annotations__:
#   3 - out|     annotated = <class 'int'>
import os
import re
from pathlib import Path

import numpy as np
from sacred import Experiment

ex = Experiment("odd")


def factory(base):
    @ex.config
    def nested():
        """Made in a factory."""
        x = 2  # a number
        _hidden = 3
        name = f"value-{x}"
        where = os.path.join("a", "b")
        found = re.sub("a", "b", "banana")
        pair = (1, "two")
        first, *rest = [1, 2, 3]
        squares = [i**2 for i in range(3)]
        table = {}
        table["k"] = x
        table.setdefault("m", []).append(1)
        values = np.arange(3)
        scalar = np.float64(0.5)
        annotated: int = 4
        if x > 3:
            kind = "large"
        else:
            kind = "small"
        for i in range(2):
            total = i
        del i
        assert x < 100
        path = Path("some") / "where"
        none = None
        print("evaluated")


factory(5)


@ex.named_config
def only_prints():
    print("only printed")


@ex.main
def main(_config):
    for key in sorted(_config):
        if key != "__annotations__":
            print(key, repr(_config[key]))


if __name__ == "__main__":
    ex.run_commandline()
