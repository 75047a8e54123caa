# $ with seed=1 'a={1, 2}'
# $ with seed=1 "a=b'bytes'"
# $ with seed=1 a=1+2j
# $ with seed=1 a=...
# $ with seed=1 'a={1: "x"}'
# $ with seed=1 'a={"py/tuple": [1, 2]}'
# $ with seed=1 'a=[1, 2' b=true
# $ with seed=1 a=1 a.b=2
# $ with seed=1 =5
# L6 sets, bytes, complex numbers and keys that are no strings are values like others
#   1 - exit 1
#   1 + exit 0
#   1 - error| TypeError
#   1 - err| Traceback (most recent call last):
#   1 - err| line 7 in <module>
#   1 + out| {1, 2} 0
#   1 + log| WARNING - root - Changed type of config entry "a" from int to set
#   1 + log| WARNING - literals - No observers have been added to this run
#   1 + log| INFO - literals - Running command 'main'
#   1 + log| INFO - literals - Started
#   1 + log| INFO - literals - Completed after H:MM:SS
#   2 - exit 1
#   2 + exit 0
#   2 - error| TypeError
#   2 - err| Traceback (most recent call last):
#   2 - err| line 7 in <module>
#   2 + out| b'bytes' 0
#   2 + log| WARNING - root - Changed type of config entry "a" from int to bytes
#   2 + log| WARNING - literals - No observers have been added to this run
#   2 + log| INFO - literals - Running command 'main'
#   2 + log| INFO - literals - Started
#   2 + log| INFO - literals - Completed after H:MM:SS
#   3 - exit 1
#   3 + exit 0
#   3 - error| TypeError
#   3 - err| Traceback (most recent call last):
#   3 - err| line 7 in <module>
#   3 + out| (1+2j) 0
#   3 + log| WARNING - root - Changed type of config entry "a" from int to complex
#   3 + log| WARNING - literals - No observers have been added to this run
#   3 + log| INFO - literals - Running command 'main'
#   3 + log| INFO - literals - Started
#   3 + log| INFO - literals - Completed after H:MM:SS
#   4 - exit 1
#   4 + exit 0
#   4 - error| TypeError
#   4 - err| Traceback (most recent call last):
#   4 - err| line 7 in <module>
#   4 + out| Ellipsis 0
#   4 + log| WARNING - root - Changed type of config entry "a" from int to ellipsis
#   4 + log| WARNING - literals - No observers have been added to this run
#   4 + log| INFO - literals - Running command 'main'
#   4 + log| INFO - literals - Started
#   4 + log| INFO - literals - Completed after H:MM:SS
#   5 - out| {'1': 'x'} 0
#   5 + out| {1: 'x'} 0
#   5 - log| WARNING - root - Changed type of config entry "a" from int to DogmaticDict
#   5 + log| WARNING - root - Changed type of config entry "a" from int to dict
# C23 a value given as update is treated like one in a config scope
#   6 - out| (1, 2) 0
#   6 + out| [1, 2] 0
#   6 - log| WARNING - root - Changed type of config entry "a" from int to tuple
#   6 + log| WARNING - root - Changed type of config entry "a" from int to list
# C17 updates that contradict each other are a configuration error
#   8 + error| ConfigError
#   8 - error| TypeError
#   8 - err| Traceback (most recent call last):
#   8 - err| line 7 in <module>
# L3 an update without a name is a configuration error
#   9 - error| ConfigAddedError
#   9 + error| ConfigError
#   9 - err| Conflicting configuration values:
#   9 - err|   ={'a': 0, 'b': 0, '': 5, 'seed': 1}
from sacred import Experiment

ex = Experiment("literals")
ex.add_config(a=0, b=0)


@ex.automain
def main(a, b):
    print(repr(a), repr(b))
