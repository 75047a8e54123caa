# $ with seed=1 a=2
# L25 the module's docstring is printed, never parsed
#   1 - exit 1
#   1 + exit 0
#   1 - error| DocoptLanguageError
#   1 - err| Traceback (most recent call last):
#   1 - err| line 16 in <module>
#   1 + out| 2
#   1 + log| WARNING - described - No observers have been added to this run
#   1 + log| INFO - described - Running command 'main'
#   1 + log| INFO - described - Started
#   1 + log| INFO - described - Completed after H:MM:SS
"""An experiment.

Usage:
  anything at all

Options:
  -z ZED  a phantom [default: 5]
"""

from sacred import Experiment

ex = Experiment("described")
ex.add_config(a=1)


@ex.automain
def main(a):
    print(a)
