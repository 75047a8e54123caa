# $ with seed=1 d.x.y=1 d.x.z=2 d.new=3
# $ with seed=1 d.x=5
# $ with seed=1 's={"a": 1}'
# $ with seed=1 d=None
# $ with seed=1 t=5,6
# $ print_config with seed=1 d.x=5 d.k=9 s=2 f=3 b=1 z=None
# C38 messages show plain type names
#   3 - log| WARNING - root - Changed type of config entry "s" from str to DogmaticDict
#   3 + log| WARNING - root - Changed type of config entry "s" from str to dict
from sacred import Experiment

ex = Experiment("merging")


@ex.config
def cfg():
    d = {"x": {"y": 0}, "k": 1}
    s = "text"
    t = (1, 2)
    f = 0.5
    b = True
    z = 3


@ex.automain
def main(d, s, t, f, b, z):
    print(d, s, t, f, b, z)
