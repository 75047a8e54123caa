# $ with seed=42
# $ work with seed=42
# $ help
from sacred import Experiment, Ingredient

ing = Ingredient("ing")
ex = Experiment("twice", ingredients=[ing])


@ex.command
@ex.capture
def work(_seed):
    """Do work."""
    print("work", _seed)
    return _seed


again = ex.capture(work)


@ex.capture
def other(_seed):
    return _seed


@ex.pre_run_hook
@ex.capture
def hook(_seed):
    print("hook", _seed)


@ex.post_run_hook
def last(_seed):
    print("last", _seed)


@ex.automain
@ex.command
def main(_seed):
    print(_seed, work(), again(), other(), again is work)
