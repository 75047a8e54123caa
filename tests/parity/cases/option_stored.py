# $ with seed=1 -F runs -c "why, oh why" -P 2 -n renamed -b 30 -C sys -l WARNING -f
# $ other with seed=1 a=5 fast -F runs --comment=short
from sacred import SETTINGS, Experiment

SETTINGS.CAPTURE_MODE = "sys"
ex = Experiment("options")
ex.add_config(a=1)


@ex.named_config
def fast():
    a = 3


@ex.command
def other(a):
    return a


@ex.automain
def main(_log):
    _log.info("not shown")
    _log.warning("shown")
