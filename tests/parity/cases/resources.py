# $ with seed=1 -F runs
# $ with seed=1 -F runs
from pathlib import Path

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("resources")
Path("data").mkdir(exist_ok=True)
Path("data/one.txt").write_text("one")
Path("data/same.txt").write_text("one")


@ex.automain
def main(_run):
    with ex.open_resource("data/one.txt") as file:
        print(file.read(), file.mode)
    with _run.open_resource("data/one.txt", "rb") as file:
        print(file.read())
    ex.add_resource("data/same.txt")
    _run.add_resource(Path("data/same.txt"))
    with ex.open_resource(Path("data") / "one.txt", mode="r") as file:
        print(file.read())
