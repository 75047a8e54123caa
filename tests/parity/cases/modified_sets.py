# $ with seed=1
# text warnings show the full path of the entry
#   1 - log| WARNING - ing - Added new config entry: "free"
#   1 + log| WARNING - ing - Added new config entry: "ing.free"
#   1 - log| WARNING - ing - Changed type of config entry "sub.y" from int to str
#   1 + log| WARNING - ing - Changed type of config entry "ing.sub.y" from int to str
from sacred import Experiment, Ingredient

ing = Ingredient("ing")


@ing.config
def ing_cfg():
    x = 1
    sub = {"y": 2}


@ing.capture
def use(x, sub, free=None):
    return x


ex = Experiment("changes", ingredients=[ing])


@ex.config
def cfg():
    a = 1
    b = 1.5
    c = "s"
    d = {"k": 1, "m": {"n": 2}}


@ex.config
def later():
    e = 5


@ex.main
def main(a, d, e, new=None):
    return use()


def show(updates):
    run = ex.run(config_updates={"seed": 1, **updates})
    changes = run.config_modifications
    print(updates)
    print("  added", sorted(changes.added))
    print("  modified", sorted(changes.modified))
    print("  retyped", sorted((k, v[0].__name__, v[1].__name__) for k, v in changes.typechanged.items()))
    print("  docs", sorted(changes.docs.items()))


show({})
show({"a": 1, "b": 1})
show({"a": 2, "d": {"m": {"n": 3}}})
show({"d": {"m": {"n": "word"}}, "c": None})
show({"new": 3, "d": {"extra": {"deep": 1}}})
show({"ing": {"x": 5, "sub": {"y": "t"}, "free": 1}})
show({"e": 6})
