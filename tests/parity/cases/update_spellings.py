# $ with seed=1 a=5 b=-5 c=1_000 d=0x10 e=1.0 f=1e3 g=-.4e-12
# $ with seed=1 a=True b=None c=hello d='"quoted"' e="'q'" f= g=007
# $ with seed=1 a='[1, 2]' b='(1, 2)' c=1,2 d='{"k": {"l": [1]}}' e='a=b' f=1+2 g='hello world'
# $ with seed=1 a.b.c=1 ' d = 4 ' e.f='[{"x": 1}]'
# $ with seed=1 a=1 a=2
# $ with seed=1 a='[]' b='{}' c='""' d=1e400 e=../path f=1:2 g=a.b
# $ with a=true b=null c=nan d=inf e=none seed=1
from sacred import Experiment

ex = Experiment("spellings")


@ex.automain
def main(a=0, b=0, c=0, d=0, e=0, f=0, g=0):
    print(repr([a, b, c, d, e, f, g]))
