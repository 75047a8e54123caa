# $ with seed=1
# $ with seed=1 a=2 d.k=3
# $ with seed=1 d=5
# $ with seed=1 x=5
from sacred import Experiment

ex = Experiment("bare")


@ex.automain
def main(_config, a=1, d=None):
    print(a, d, sorted(_config.items()))
