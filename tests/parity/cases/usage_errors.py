# $ --nope
# $ -l
# $ main with a=1 --wrong=3
# $ with seed=1 a=3 -u -q --bad
# $ main extra words
# $ -z 3
from sacred import Experiment

ex = Experiment("usage")


@ex.config
def cfg():
    a = 1


@ex.automain
def main(a):
    print(a)
