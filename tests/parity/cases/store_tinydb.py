# $ with seed=1 -t runs
# $ fails with seed=1 -t runs
# $ stops with seed=1 --tiny_db=runs
# needs tinydb
from sacred import SETTINGS, Experiment
from sacred.utils import TimeoutInterrupt

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("in_tinydb")
ex.add_config(a=1, d={"x": [1, 2]})


@ex.command
def fails():
    raise ValueError("wanted")


@ex.command
def stops():
    raise TimeoutInterrupt()


@ex.automain
def main(_run, a):
    _run.info["k"] = [1, {"x": None}]
    with open("data.txt", "w") as file:
        file.write("data")
    _run.add_artifact("data.txt", "named.txt")
    _run.add_resource("data.txt")
    print("printed", len(_run._id))
    return {"best": 0.5}
