# $
# C37 a change inside a dict with fixed keys is counted once, as that of the entry
#   1 - out| ['a', 'd'] {'f': 1} ['a', 'd', 'd.e'] {} set()
#   1 + out| ['a', 'd'] {'f': 1} ['a', 'd.e'] {} set()
import copy
import json
import pickle

from sacred.config import dogmatize, undogmatize
from sacred.config.config_summary import ConfigSummary
from sacred.config.custom_containers import (
    DogmaticDict,
    DogmaticList,
    ReadOnlyDict,
    ReadOnlyList,
    fallback_dict,
    make_read_only,
)
from sacred.config.utils import chain_evaluate_config_scopes, normalize_or_die, recursive_fill_in
from sacred.utils import SacredError

kept = make_read_only({"a": 1, "l": [1, {"x": 2}], "t": (1, [2]), "d": {"e": 3}})
print(type(kept).__name__, type(kept["l"]).__name__, type(kept["t"]).__name__, isinstance(kept, dict))
for action in (
    lambda: kept.update(a=2),
    lambda: kept["l"].append(3),
    lambda: kept["d"].pop("e"),
    lambda: kept.__setitem__("a", 1),
    lambda: kept["l"].sort(),
    lambda: kept.clear(),
):
    try:
        action()
    except SacredError as error:
        print("SacredError", "read-only" in str(error))
plain = copy.deepcopy(kept)
plain["a"] = 9
plain["l"].append(3)
print(type(plain).__name__, plain, json.dumps(kept, sort_keys=True))
print(pickle.loads(pickle.dumps(kept)) == kept, dict(kept) == kept, kept["l"] == [1, {"x": 2}])
fixed = DogmaticDict({"a": 7, "d": dogmatize({"e": 5})}, fallback={"f": 1})
fixed["a"] = 1
fixed["b"] = 2
fixed["d"] = {"e": 1, "g": 2}
print(dict(fixed), fixed.get("f"), "f" in fixed, sorted(fixed), fixed["f"])
print(sorted(fixed.fixed), fixed.fallback, sorted(fixed.modified), fixed.typechanges, fixed.revelation())
values = DogmaticList([1, 2])
values.append(3)
values[0] = 9
values.extend([4])
print(
    list(values),
    values.revelation(),
    type(dogmatize({"a": [1]})["a"]).__name__,
    undogmatize(dogmatize({"a": [1, (2,)]})),
)
print(dict(fallback_dict({"a": 1, "b": 2}, b=3, c=4)))
print(recursive_fill_in({"a": 1, "d": {"x": 1}}, {"a": 5, "b": 2, "d": {"x": 9, "y": 3}}))
print(normalize_or_die({"t": (1, 2), "l": [{"a": (3,)}]}))
try:
    normalize_or_die({"a.b": 1})
except KeyError:
    print("KeyError")
summary = ConfigSummary(added={"a"}, modified={"b"}, typechanged={"c": (int, str)}, docs={"a": "doc"})
summary.update_from(ConfigSummary(added={"x"}, modified={"y"}), path="p")
print(sorted(summary.added), sorted(summary.modified), summary.typechanged, summary.docs, summary.ignored_fallbacks)
summary.update_add(ConfigSummary(added={"z"}, modified={"q"}, docs={"z": "more"}))
print(sorted(summary.added), sorted(summary.modified), summary.docs)
