# $ print_config with seed=1 -F runs
# $ with seed=1 saved.json
# $ save_config with seed=1 saved.json config_filename=again.json
import json

with open("saved.json", "w") as file:
    json.dump({"__doc__": "Saved.", "a": 3, "t": {"py/tuple": [1, 2]}, "d": {"x": [1, {"y": None}]}, "seed": 9}, file)
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("round_trip")


@ex.config
def cfg():
    """Original."""
    a = 1
    t = (0, 0)
    d = {"x": []}
    e = {}


@ex.automain
def main(a, t, d, e, seed):
    print(a, t, d, e, seed)
