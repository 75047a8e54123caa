from sacred import Experiment

ex = Experiment("called")


@ex.config
def cfg():
    """Doc."""
    a = 1  # one
    b = a + 1
    d = {"x": 1}


@ex.config
def second(a):
    c = a


print(sorted(cfg().items()), cfg.args, cfg.__doc__)
result = cfg(fixed={"a": 5, "d": {"y": 2}, "new": 1})
print(sorted(result.items()), sorted(result.added), sorted(result.modified), result.typechanged, result.docs["a"])
print(sorted(second(preset={"a": 3, "other": 4}).items()), second.args)
print(sorted(second(fallback={"a": 3}).items()))
try:
    second()
except KeyError:
    print("KeyError")
