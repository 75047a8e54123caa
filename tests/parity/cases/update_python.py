# $
# C38 messages show plain type names
#   1 - log| WARNING - root - Changed type of config entry "d.y.z" from int to DogmaticDict
#   1 + log| WARNING - root - Changed type of config entry "d.y.z" from int to dict
#   1 - log| WARNING - root - Changed type of config entry "a" from int to DogmaticDict
#   1 + log| WARNING - root - Changed type of config entry "a" from int to dict
from sacred import Experiment

ex = Experiment("updates")


@ex.config
def cfg():
    a = 1
    d = {"x": 1, "y": {"z": 2}}
    l = [1]


@ex.main
def main(a, d, l):
    return [a, d, l]


for updates in (
    {},
    {"a": 2},
    {"d.x": 3},
    {"d": {"x": 3}},
    {"d": {"y.z": 4}},
    {"d": {}},
    {"d.x": 1, "d": {"y": {"z": 9}}},
    {"a": None, "l": None},
    {"l": [2, 3]},
    {"d": {"y": {"z": {"deep": 1}}}},
):
    run = ex.run(config_updates={"seed": 1, **updates})
    changes = run.config_modifications
    print(updates, run.result, sorted(changes.modified), sorted(changes.added), sorted(changes.typechanged))
for updates in ({"zzz": 1}, {"d.zzz": 1, "a.b": 2}):
    try:
        print(ex.run(config_updates={"seed": 1, **updates}).result)
    except Exception:
        print("refused")
