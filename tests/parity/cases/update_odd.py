# $ with seed=1 a==b
# $ with seed=1 'a=x # y'
# $ with seed=1 'a=[1, "two", None, True]' 'b={"x": (1, 2)}'
# $ with seed=1 'a={"1": 2}' b=-1 'c=- 1'
# $ with seed=1 a=1.50 b=1e-3 c=1E5
# $ with seed=1 a="it's" b='say "x"'
# $ with seed=1 'a=  padded  ' 'b="  kept  "'
# $ with seed=1 a=b.c b=c:d c=/x/y.z
# $ with seed=1 a=1,b
# $ with seed=1 'a=lambda: 3' b=print 'c=os.getcwd()'
# $ with seed=1 a=ünïcode b=a%b 'c=a\nb'
# $ with seed=1 'a={"x": 1}' a.y=2
# $ with seed=1 a.y=2 'a={"x": 1}'
# text a dict given after one of its entries is merged with it: no update is lost
#   13 - out| {'x': 1} dict
#   13 + out| {'y': 2, 'x': 1} dict
#   13 + log| WARNING - root - Added new config entry: "a.y"
from sacred import Experiment

ex = Experiment("odd")


@ex.automain
def main(a=0, b=0, c=0):
    for value in (a, b, c):
        print(repr(value), type(value).__name__.replace("ReadOnlyDict", "dict").replace("ReadOnlyList", "list"))
