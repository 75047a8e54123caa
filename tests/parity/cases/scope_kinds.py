# $ with seed=1
# $ print_config with seed=1
# $ with seed=1 n=7 loud=True
from sacred import Experiment

ex = Experiment("scopes")
FACTOR = 10


@ex.config
def conditional():
    n = 3
    loud = False
    if n > 5:
        many = [n] * 2
    else:
        few = n
    total = 0
    for i in range(n):
        total += i
    squares = [x * FACTOR for x in range(3)]
    nested = {"a": {"b": n, "c": {}}, "empty": {}}
    nothing = None


@ex.config
async def later(n, nested):
    nested["a"]["d"] = n + 1
    half = n / 2


@ex.automain
def main(_config):
    for key in sorted(_config):
        print(key, _config[key])
