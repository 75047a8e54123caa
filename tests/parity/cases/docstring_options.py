# $ -h
# $ with seed=1 a=2
# $ with seed=1 -z 3
# L25 the module's docstring is printed, never parsed
#   3 - exit 0
#   3 + exit 1
#   3 + err| Usage
#   3 - out| 1
#   3 - log| WARNING - phantom - No observers have been added to this run
#   3 - log| INFO - phantom - Running command 'main'
#   3 - log| INFO - phantom - Started
#   3 - log| INFO - phantom - Completed after H:MM:SS
"""An experiment with a list.

What it has:
  -z ZED  a phantom [default: 5]
"""

from sacred import Experiment

ex = Experiment("phantom")
ex.add_config(a=1)


@ex.automain
def main(a):
    print(a)
