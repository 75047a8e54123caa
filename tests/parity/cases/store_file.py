# $ with seed=1 -F runs
# $ with seed=1 -F runs a=5 d.x=2 -c "a comment"
# $ with seed=1 -F runs small
# $ fails with seed=1 -F runs
# $ with seed=1 -F runs -i mine
# $ with seed=1 -F runs -q
# $ with seed=1 -F runs -u
# $ timeout with seed=1 -F runs
# $ ing.work with seed=1 -F runs
# R-3 the output of a failed run is complete
#   0 - runs/4/cout.txt| (empty)
#   0 + runs/4/cout.txt| before
# L21 an ingredient's command is called by its full name
#   0 - runs/7/run.json| command = "work"
#   0 + runs/7/run.json| command = "ing.work"
#   9 - log| INFO - stored - Running command 'work'
#   9 + log| INFO - stored - Running command 'ing.work'
from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "sys"
ing = Ingredient("ing")
ing.add_config(k=1)
ex = Experiment("stored", ingredients=[ing])


@ex.config
def cfg():
    """Doc."""
    a = 1
    d = {"x": 1, "t": (1, 2)}


@ex.named_config
def small():
    a = -1


@ing.command
def work(k):
    print("work", k)


@ex.command
def fails():
    print("before")
    raise ValueError("wanted")


@ex.command
def timeout():
    from sacred.utils import TimeoutInterrupt

    raise TimeoutInterrupt()


@ex.automain
def main(a, d, _run):
    import sys

    print("printed", a, d)
    print("to stderr", file=sys.stderr)
    _run.info["seen"] = {"a": a, "list": [1, 2.5, None]}
    return {"answer": a, "tuple": (1, 2)}
