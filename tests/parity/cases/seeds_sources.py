# $ named
# $ hooked
# $ from_dict
# $ scope
# $ from_dict with seed=77
# $ hooked with seed=78
import sys

from sacred import Experiment

which = sys.argv[1]
ex = Experiment("seed_sources")
if which == "from_dict":
    ex.add_config(seed=11)


@ex.config
def cfg():
    a = 1
    if which == "scope":
        seed = 12


@ex.config_hook
def hook(config, command_name, logger):
    return {"seed": 13} if command_name == "hooked" else {}


@ex.command
def hooked(seed, _seed, _run):
    print(seed, _seed, sorted(_run.config_modifications.modified), _run.config["seed"])


@ex.command
def from_dict(seed, _seed, _run):
    print(seed, _seed, sorted(_run.config_modifications.modified), _run.config["seed"])


@ex.command
def scope(seed, _seed, _run):
    print(seed, _seed, sorted(_run.config_modifications.modified), _run.config["seed"])


@ex.named_config
def with_seed():
    seed = 14


@ex.command
def inner(seed, _seed):
    return seed, _seed


if __name__ == "__main__":
    if which == "named":
        for args in (("inner", None, ["with_seed"]), ("inner", {"seed": 3}, ["with_seed"])):
            print(ex.run(*args).result)
    else:
        ex.run_commandline()
