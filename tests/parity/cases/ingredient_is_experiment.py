# $ with seed=1
# $ inner.main with seed=1 inner.a=5
# $ inner.other with seed=1
# $ with seed=1 inner.fast
# $ print_config with seed=1
# $ inner.print_config with seed=1
# $ help
# L21 an ingredient's command is called by its full name
#   2 - log| INFO - outer - Running command 'main'
#   2 + log| INFO - outer - Running command 'inner.main'
#   3 - log| INFO - outer - Running command 'other'
#   3 + log| INFO - outer - Running command 'inner.other'
#   6 - log| INFO - outer - Running command 'print_config'
#   6 + log| INFO - outer - Running command 'inner.print_config'
from sacred import Experiment

inner = Experiment("inner")


@inner.config
def inner_config():
    a = 1


@inner.named_config
def fast():
    a = 0


@inner.command
def other(a, _log):
    _log.info("other")
    return a


@inner.main
def main(a):
    return a


@inner.capture
def helper(a, seed):
    return a, seed


outer = Experiment("outer", ingredients=[inner])


@outer.config
def outer_config(inner):
    b = inner["a"] + 10


@outer.automain
def outer_main(b, inner):
    print(b, inner["a"], helper()[0])
    return b
