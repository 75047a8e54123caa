# $ with seed=1 -F runs
from pathlib import Path

from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "no"
Path("late.py").write_text("x = 1\n")
Path("ing.py").write_text("y = 1\n")
data = Ingredient("data", save_git_info=False)
data.add_source_file("ing.py")
ex = Experiment("added", ingredients=[data], save_git_info=False)
ex.add_source_file("late.py")
ex.add_package_dependency("mine", "0.1")
for action in (
    lambda: ex.add_source_file("nowhere.py"),
    lambda: ex.add_package_dependency("bad", "not a version"),
):
    try:
        action()
    except ValueError:
        print("ValueError")


@ex.automain
def main(_run):
    print([name for name, digest in _run.experiment_info["sources"]])
    print("mine==0.1" in _run.experiment_info["dependencies"], sorted(Path(s.filename).name for s in ex.sources))
    print(Path(ex.mainfile.filename).name, {type(d).__name__ for d in ex.dependencies})
