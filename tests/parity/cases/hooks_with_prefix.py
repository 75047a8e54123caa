# $ with seed=1
# $ other with seed=1 d.x=5
# $ fails with seed=1
from sacred import Experiment, Ingredient

inner = Ingredient("inner")
inner.add_config(k=1)
outer = Ingredient("outer", ingredients=[inner])
outer.add_config(k=2)
ex = Experiment("prefixed", ingredients=[outer])
ex.add_config(d={"x": 1}, k=3)
for number, ingredient in enumerate((ex, outer, inner)):
    ingredient.pre_run_hook(lambda k, _run, number=number: print("pre", number, k, _run.status))
    ingredient.post_run_hook(lambda k, _run, number=number: print("post", number, k, _run.result, _run.stop_time))


@ex.pre_run_hook(prefix="d")
def of_dict(x, _config):
    print("of_dict", x, dict(_config))


@ex.command(prefix="d", unobserved=True)
def other(x, _config, _log):
    _log.info("logged")
    return x, dict(_config)


@ex.command
def fails():
    raise ValueError("no post hooks")


@ex.automain
def main(k):
    return k
