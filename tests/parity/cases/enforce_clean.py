# $ with seed=1 -e
# $ with seed=1 --enforce_clean -u
from sacred import Experiment

ex = Experiment("clean")


@ex.automain
def main():
    print("ran")
