# $ with seed=1 -C bogus
# $ with seed=1 -P high
# $ with seed=1 -b often
# $ with seed=1 -l debug
# $ with seed=1 -l Info
# L10 an unknown capture mode is refused before the run
#   1 + err| Usage
#   1 - error| KeyError
#   1 - log| WARNING - bad_options - No observers have been added to this run
# L10 a value that is no number is a usage error
#   2 - error| ValueError
#   2 + err| Usage
#   3 - error| ValueError
#   3 + err| Usage
# L10 names of levels are accepted in lower case
#   4 - exit 1
#   4 + exit 0
#   4 - error| ValueError
#   4 + out| ran
#   4 + log| WARNING - bad_options - No observers have been added to this run
#   4 + log| DEBUG - bad_options - Using capture mode "no"
#   4 + log| INFO - bad_options - Started
#   4 + log| DEBUG - main - Started
#   4 + log| DEBUG - main - Finished after H:MM:SS.
#   4 + log| INFO - bad_options - Completed after H:MM:SS
#   5 - exit 1
#   5 + exit 0
#   5 - error| ValueError
#   5 + out| ran
#   5 + log| WARNING - bad_options - No observers have been added to this run
#   5 + log| INFO - bad_options - Started
#   5 + log| INFO - bad_options - Completed after H:MM:SS
# L21 an ingredient's command is called by its full name
#   4 + log| INFO - bad_options - Running command 'main'
#   5 + log| INFO - bad_options - Running command 'main'
from sacred import Experiment

ex = Experiment("bad_options")


@ex.automain
def main(_run):
    print("ran")
