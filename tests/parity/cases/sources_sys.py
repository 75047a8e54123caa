# $ with seed=1
from helper import help_me
from sacred import SETTINGS, Experiment

SETTINGS.DISCOVER_SOURCES = "sys"
SETTINGS.DISCOVER_DEPENDENCIES = "none"
ex = Experiment("sources", save_git_info=False)
ex.add_package_dependency("something", "1.2.3")


@ex.automain
def main(_run):
    print(help_me(), sorted(name for name, digest in _run.experiment_info["sources"]))
    print([text for text in _run.experiment_info["dependencies"] if "numpy" not in text])
    print(_run.experiment_info["repositories"], sorted(_run.experiment_info))
