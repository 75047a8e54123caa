# $ with seed=1 -S nowhere
# $ with seed=1 -S s3://bucket
# $ with seed=1 --s3=gs://bucket/folder
# L10 values of options are checked before the run
#   1 - error| ValueError
#   1 + err| Usage
#   2 - error| ValueError
#   2 + err| Usage
#   3 - error| ValueError
#   3 + err| Usage
from sacred import Experiment

ex = Experiment("clouds")


@ex.automain
def main():
    print("never printed")
