# $ with seed=1 -C bogus
# $ with seed=1 -P high
# $ with seed=1 -b often
# $ with seed=1 -l debug
# $ with seed=1 -l Info
from sacred import Experiment

ex = Experiment("bad_options")


@ex.automain
def main(_run):
    print("ran")
