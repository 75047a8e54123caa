# $ with seed=1
# $ with seed=1 data.paths.base=/mnt
# $ with seed=1 other.x=5 data.n=2
# $ with seed=1 data.paths.local
# $ print_config with seed=1
# $ data.paths.show with seed=1
# $ print_named_configs
# $ -l DEBUG with seed=1
# text the seed is documented also where the experiment has no config source
#   5 - out| <blue>   seed = 1
#   5 + out| <blue>   seed = 1                           # the random seed for this experiment
# L21 an ingredient's command is called by its full name
#   6 - log| INFO - deep - Running command 'show'
#   6 + log| INFO - deep - Running command 'data.paths.show'
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   8 - log| DEBUG - deep - Starting Heartbeat
#   8 - log| DEBUG - deep - Stopping Heartbeat
from sacred import Experiment, Ingredient

paths = Ingredient("data.paths")
other = Ingredient("other")
data = Ingredient("data", ingredients=[paths, other])
ex = Experiment("deep", ingredients=[data])


@paths.config
def paths_cfg():
    base = "/home"
    full = base + "/data"


@paths.named_config
def local():
    base = "."


@paths.command
def show(base, full):
    print(base, full)


@other.config
def other_cfg():
    x = 3


@data.config
def data_cfg(paths, other):
    n = 1
    file = paths["full"] + "/x"
    y = other["x"] + 1


@data.capture
def look(n, file, paths, other, _config):
    return n, file, paths["base"], other["x"], sorted(_config)


@other.capture
def look_other(_config, x):
    return sorted(_config), x


@ex.automain
def main(data, other, _config, _log):
    print(sorted(_config), sorted(data), sorted(data["paths"]))
    print(look())
    print(look_other())
