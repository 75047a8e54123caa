# $ with seed=1 i=2.5 f=3 b=1 s=4 n=5 l=6 d=7 t=8
# $ with seed=1 i=True f=text b=None s=None 'l={"a": 1}' 'd=[1]'
# $ with seed=1 sub.i=word sub.d.k=word
# $ with seed=1 i=word --force
# $ with seed=1 i=word -l ERROR
# C38 messages show plain type names
#   2 - log| WARNING - root - Changed type of config entry "d" from dict to DogmaticList
#   2 + log| WARNING - root - Changed type of config entry "d" from dict to list
#   2 - log| WARNING - root - Changed type of config entry "l" from list to DogmaticDict
#   2 + log| WARNING - root - Changed type of config entry "l" from list to dict
from sacred import Experiment

ex = Experiment("types")


@ex.config
def cfg():
    i = 1
    f = 1.5
    b = True
    s = "s"
    n = None
    l = [1]
    d = {"k": 1}
    t = (1, 2)
    sub = {"i": 1, "d": {"k": 1}}


@ex.automain
def main(i, f, b, s, n, l, d, t, sub):
    print([i, f, b, s, n, l, d, t, sub])
