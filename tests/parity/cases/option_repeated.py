# $ with seed=1 -F a -F b -u
# $ with seed=1 --force --force
# $ with seed=1 -u -u
# $ with seed=1 -l DEBUG -l INFO
# L2 options of observers may be repeated
#   1 - exit 1
#   1 + exit 0
#   1 - err| Usage
#   1 + out| 0 False True
#   1 + log| INFO - twice - Running command 'main'
#   1 + log| INFO - twice - Started
#   1 + log| INFO - twice - Completed after H:MM:SS
from sacred import Experiment

ex = Experiment("twice")


@ex.automain
def main(_run):
    print(len(_run.observers), _run.force, _run.unobserved)
