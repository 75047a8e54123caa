# $ with seed=1 -n renamed
# $ with seed=1 -c "a comment" -P 3.5 -i 77 -b 0.5
# $ with seed=1 -p
# $ with seed=1 -d
# $ with seed=1 -q
# $ fails with seed=1 -d
# $ print_config with seed=1 -p
from sacred import Experiment

ex = Experiment("options")


@ex.config
def cfg():
    a = 1  # one


@ex.command
def fails():
    raise ValueError("wanted")


@ex.automain
def main(_run):
    meta = {key: value for key, value in _run.meta_info.items() if key != "options"}
    print(sorted(meta.items()), _run._id, _run.beat_interval, _run.experiment_info["name"], _run.debug)
    given = {k: v for k, v in _run.meta_info["options"].items() if v}
    print(sorted(given.items()))
