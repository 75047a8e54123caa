# $ with seed=1
# $ with seed=1 data.rows=5 top=2
# $ with seed=1 data.small
# $ with seed=1 data.small data.rows=7
# $ with seed=1 data.zzz=1
# $ with seed=1 data.nope
# $ with seed=1 data.rows=word
# $ print_config with seed=1 data.small
# $ print_named_configs
# $ data.stats with seed=1
# $ data.nope
# $ nope.stats
# $ stats
# C3 true line numbers
#   7 - err| line 12 in <module>
#   7 + err| line 10 in data_cfg
# L21 an ingredient's command is called by its full name
#   10 - log| INFO - demo - Running command 'stats'
#   10 + log| INFO - demo - Running command 'data.stats'
# L9 the closest command is named, an unknown ingredient is told from an unknown command
#   11 - out| Error: Command "data.nope" not found. Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
#   11 + out| Error: Command "nope" not found in ingredient "data". Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
#   12 - out| Error: Command "nope.stats" not found. Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
#   12 + out| Error: Ingredient for command "nope.stats" not found. Did you mean "data.stats"? Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
#   13 - out| Error: Command "stats" not found. Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
#   13 + out| Error: Command "stats" not found. Did you mean "data.stats"? Available commands are: print_config, print_dependencies, save_config, print_named_configs, main, data.stats
# C33 the value that the user gave is shown
#   5 - err|   data.zzz=None
#   5 + err|   data.zzz=1
from sacred import Experiment, Ingredient

data = Ingredient("data")


@data.config
def data_cfg():
    """The data."""
    rows = 100  # how many rows
    cols = rows // 2
    name = "train"


@data.named_config
def small():
    """Not many."""
    rows = 10


@data.capture
def load(rows, name, header=True):
    return rows, name, header


@data.command
def stats(rows, cols, _log):
    """Show numbers."""
    _log.info("rows are %d", rows)
    print(rows * cols)
    return rows


ex = Experiment("demo", ingredients=[data])


@ex.config
def cfg(data):
    top = 1
    twice = data["rows"] * 2
    data["rows"] = -1
    data["new"] = 5


@ex.automain
def main(data, top, twice, _log):
    _log.info("data is %s", sorted(data.items()))
    print(top, twice, load(), load(header=False))
