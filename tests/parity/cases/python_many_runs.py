# $
from sacred import Experiment

ex = Experiment("many")


@ex.config
def cfg():
    a = 1
    b = a * 10
    items = []


@ex.named_config
def big():
    a = 100


@ex.main
def main(a, b, items, _config):
    return a, b, list(items)


@ex.command
def other(a, extra=7):
    return a + extra


first = ex.run(config_updates={"seed": 1})
print(first.result, first.config)
print(ex.run("main", {"a": 2, "seed": 1}).result)
print(ex.run("main", {"seed": 1}, ["big"]).result)
print(ex.run(config_updates={"seed": 1}, named_configs=("big",), info={"k": 1}, meta_info={"m": 2}).info)
print(ex.current_run.meta_info["m"], ex.current_run.meta_info["named_configs"])
print(ex.run("other", {"seed": 1}).result, ex.run("other", {"seed": 1, "extra": 1}).result)
print(ex.run(config_updates={"seed": 1}).result == first.result, first.config is ex.current_run.config)
print(ex.run("main", {"b": 3, "seed": 1}).result, ex.run("main", {"items": [1], "seed": 1}).result)
for name in ("nope", "x.nope", "many.main"):
    try:
        ex.run(name)
    except KeyError:
        print("KeyError", name)
try:
    Experiment("empty").run()
except RuntimeError:
    print("RuntimeError")
print(sorted(ex.commands), ex.default_command, ex.path)
