# $ print_config with seed=1
# $ print_config with seed=1 'a=[1, 2]' text='it is "quoted"'
from sacred import Experiment

ex = Experiment("shown")


@ex.config
def cfg():
    a = (1, 2)
    text = "it's"
    unicode = "naïve – ü"
    newline = "two\nlines"
    number = 1e-7
    big = 10**15
    infinite = float("inf")
    nothing = None
    yes = True
    nested = [[1, [2]], {"k": (3,)}]
    function = len
    empty = []
    raw = b"bytes"
    several = {
        1,
    }


@ex.automain
def main():
    pass
