# $ with seed=1
# $ with seed=1 config_filename=x.json
# $ with seed=1 sub.k=2 -u
# C26 arguments of built-in commands are no entries of other commands
#   2 - exit 0
#   2 + exit 1
#   2 + error| ConfigAddedError
#   2 + err| Conflicting configuration values:
#   2 + err|   config_filename=x.json
#   2 - out| ({'k': 1}, 'ing.deep.of_ingredient', 'special', 1)
#   2 - out| (['_log', 'k', 'seed'], 1, 5, 'of_prefix')
#   2 - out| (['config_filename', 'ing', 'plain', 'seed', 'sub'], 1, {}) (['config_filename', 'ing', 'plain', 'seed', 'sub'], 1, {'other': 1})
#   2 - out| True RUNNING None main
#   2 - log| WARNING - root - Added new config entry: "config_filename"
#   2 - log| WARNING - special - No observers have been added to this run
#   2 - log| INFO - special - Running command 'main'
#   2 - log| INFO - special - Started
#   2 - log| INFO - special - Completed after H:MM:SS
from sacred import Experiment, Ingredient

ing = Ingredient("ing.deep")
ing.add_config(k=1)
ex = Experiment("special", ingredients=[ing])
ex.add_config({"sub": {"k": 1, "_log": "mine", "seed": 5}, "plain": [1]})


@ing.capture
def of_ingredient(_config, _log, _run, k):
    return dict(_config), _log.name, _run.experiment_info["name"], k


@ex.capture(prefix="sub")
def of_prefix(_config, k, seed, _log):
    return sorted(_config), k, seed, _log if isinstance(_log, str) else _log.name


@ex.capture
def of_experiment(_config, seed, **kwargs):
    return sorted(_config), seed, kwargs


@ex.automain
def main(_run, _config):
    print(of_ingredient())
    print(of_prefix())
    print(of_experiment(), of_experiment(other=1))
    print(_run.config == _config, _run.status, _run.result, _run.meta_info["command"])
