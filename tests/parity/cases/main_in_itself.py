# $ with seed=1
# $ with seed=1 deep=3
from sacred import Experiment

ex = Experiment("recursion")


@ex.config
def cfg():
    deep = 0


@ex.automain
def main(deep):
    print(deep)
    if deep:
        main(deep - 1)
