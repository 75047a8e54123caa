# $ with seed=1 -i 7 -F runs
# $ with seed=1 -i 7 -F runs
# $ with seed=1 -F runs
# $ with seed=1 -i word -F runs
# $ with seed=1 -F runs
# $ with seed=1 -i 3
# O-2 a run that exists already is left alone, also by the report of the failure
#   2 - log| ERROR - chosen - Traceback (most recent call last):
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("chosen")


@ex.automain
def main(_run):
    print(repr(_run._id))
