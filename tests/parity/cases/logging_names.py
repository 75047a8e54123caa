# $ with seed=1
# $ with seed=1 -l DEBUG
# $ with seed=1 -l nope
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   2 - log| DEBUG - names - Starting Heartbeat
#   2 - log| DEBUG - names - Stopping Heartbeat
# L10 an unknown level is a usage error
#   3 - error| ValueError
#   3 + err| Usage
from sacred import Experiment, Ingredient

sub = Ingredient("data.sub")
data = Ingredient("data", ingredients=[sub])
ex = Experiment("names", ingredients=[data])


@data.config
def data_cfg(_log):
    _log.info("data scope")


@sub.capture
def inner(_log):
    _log.info("inner")


@data.capture
def outer(_log):
    _log.info("outer")
    inner()


@ex.config_hook
def hook(config, command_name, logger):
    logger.info("hook")


@ex.automain
def main(_log, _run):
    _log.info("main")
    outer()
    _run.run_logger.info("run")
    _run.root_logger.info("root")
    return "a result"
