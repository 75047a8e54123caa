# $ with seed=1 fast
# $ with seed=1 fast slow data.big
# $ with seed=1 data.big -F runs
# text warnings show the full path of the entry
#   2 - log| WARNING - data - Added new config entry: "__doc__"
#   2 + log| WARNING - data - Added new config entry: "data.__doc__"
#   2 - log| WARNING - data - Added new config entry: "extra.k"
#   2 + log| WARNING - data - Added new config entry: "data.extra.k"
#   3 - log| WARNING - data - Added new config entry: "__doc__"
#   3 + log| WARNING - data - Added new config entry: "data.__doc__"
#   3 - log| WARNING - data - Added new config entry: "extra.k"
#   3 + log| WARNING - data - Added new config entry: "data.extra.k"
from sacred import SETTINGS, Experiment, Ingredient

SETTINGS.CAPTURE_MODE = "sys"
data = Ingredient("data")
ex = Experiment("named_hooks", ingredients=[data])


@data.config
def data_cfg():
    n = 1
    sizes = [n, n * 2]


@data.named_config
def big():
    """Much."""
    n = 1000
    extra = {"k": n}


@data.config_hook
def data_hook(config, command_name, logger):
    return {"n": config["data"]["n"] + 1}


@ex.config
def cfg(data):
    total = sum(data["sizes"])
    mode = "none"


@ex.named_config
def fast():
    mode = "fast"
    total = 0


@ex.named_config
def slow(mode):
    label = mode + "/slow"
    mode = "slow"


@data.capture
def use(extra=None):
    return extra


@ex.automain
def main(data, total, mode, _run, label=None):
    print(sorted(data.items()), total, mode, label, use(), _run.meta_info["named_configs"])
