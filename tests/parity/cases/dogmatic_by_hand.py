# $
from sacred.config import dogmatize, undogmatize
from sacred.config.custom_containers import DogmaticDict


def shown(fixed, *assigned):
    d = DogmaticDict(fixed)
    for key, value in assigned:
        d[key] = value
    return d


plain = shown({"d": {"x": 1}, "empty": {}, "l": [1]}, ("d", {"x": 5, "y": 2}), ("empty", {"k": 1}), ("l", [2, 3]))
print(plain["d"], plain["empty"], plain["l"], sorted(plain.modified), plain.typechanges)
plain["d"]["z"] = 3
plain["l"].append(4)
print(undogmatize(plain), sorted(plain.revelation()), type(plain["d"]).__name__)

unseen = shown({"d": {"x": {"q": 1}}})
print(sorted(unseen.revelation()), unseen["d"], type(unseen["d"]).__name__, type(unseen["d"]["x"]).__name__)

updated = DogmaticDict({"d": {"x": 1}})
updated.update({"d": {"z": 2}})
print(undogmatize(updated))

merged = dogmatize({"d": {"x": 1, "e": {"q": 2}}, "l": [{"a": 1}]})
merged["d"] = {"x": 5, "y": 2, "e": {"r": 1}}
merged["d"]["z"] = 3
print(type(merged["d"]).__name__, sorted(merged["d"].items(), key=str))
print(sorted(merged.revelation()), undogmatize(merged))

mixed = shown({"d": DogmaticDict({"x": {"q": 1}})}, ("d", {"x": {"q": 2, "r": 3}, "y": 4}))
print(type(mixed["d"]).__name__, type(mixed["d"]["x"]).__name__, undogmatize(mixed))
print(sorted(dogmatize({"d": {"x": 1, "e": {"q": {}}}, "l": [{"a": 1}]}).revelation()))
