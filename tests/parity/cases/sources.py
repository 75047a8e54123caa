# $ with seed=1 -F runs
# $ print_dependencies with seed=1
import pathlib

pathlib.Path("own_helper.py").write_text("VALUE = 5\n")
import own_helper
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("sources")
ex.add_package_dependency("my_package", "1.2.3")
ex.add_source_file("own_helper.py")


@ex.automain
def main(_run):
    info = _run.experiment_info
    print(own_helper.VALUE, info["name"], info["mainfile"], sorted(info), [name for name, _ in info["sources"]])
    print("my_package==1.2.3" in info["dependencies"], info["base_dir"] == ex.base_dir)
    for wrong in (lambda: ex.add_source_file("nowhere.py"), lambda: ex.add_package_dependency("x", "no version")):
        try:
            wrong()
        except ValueError:
            print("ValueError")
