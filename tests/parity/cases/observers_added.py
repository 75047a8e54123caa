# $ with seed=1
# $ with seed=1 where=hooked
from sacred import SETTINGS, Experiment
from sacred.observers import FileStorageObserver

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("added")


@ex.config
def cfg():
    where = "scope"
    if where == "scope":
        ex.observers.append(FileStorageObserver("in_scope"))


@ex.config_hook
def hook(config, command_name, logger):
    if config["where"] == "hooked":
        ex.observers.append(FileStorageObserver("in_hook"))
    return {}


@ex.automain
def main(_run):
    print([type(observer).__name__ for observer in _run.observers], _run._id)
