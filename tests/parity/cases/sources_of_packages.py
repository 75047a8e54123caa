# $ with seed=1 -F runs
# $ print_dependencies with seed=1
# $ python -m pack.train with seed=1 -F runs
# $ python -m pack.train print_dependencies with seed=1
# $ python -m pack with seed=1 a=5
# $ python -m pack -h
import pack.model
from pack import shared
from pack.inner.deep import depth
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "no"
ex = Experiment("packages")
ex.add_config(a=1)


@ex.automain
def main(a, _run):
    print(pack.model.size(), shared.LIMIT, depth(), a)
    print(sorted(name for name, digest in _run.experiment_info["sources"]), _run.experiment_info["mainfile"])
