# $ with seed=1 -F runs
# $ with seed=1 -F runs
from pathlib import Path

from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
for name in ("7", "word", "12a", "-3"):
    (Path("runs") / name).mkdir(parents=True, exist_ok=True)
Path("runs/99").write_text("a file")
ex = Experiment("ids")


@ex.automain
def main(_run):
    print(repr(_run._id), Path(_run.observers[0].dir).name)
