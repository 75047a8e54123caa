# $ with seed=1
# $ with seed=1 -l ERROR
# $ with seed=1 -l DEBUG -n renamed
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   3 - out| DEBUG/mine.renamed: Starting Heartbeat
#   3 - out| DEBUG/mine.renamed: Stopping Heartbeat
import logging
import sys

from sacred import Experiment, Ingredient

ing = Ingredient("ing")
ex = Experiment("logs", ingredients=[ing])
logger = logging.getLogger("mine")
logger.propagate = False
handler = logging.StreamHandler(sys.stdout)
handler.setFormatter(logging.Formatter("%(levelname)s/%(name)s: %(message)s"))
logger.addHandler(handler)
logger.setLevel("INFO")
ex.logger = logger


@ing.capture
def load(_log):
    _log.warning("loading")


@ex.config
def cfg(_log):
    _log.info("in the scope")
    a = 1


@ex.automain
def main(_log, a):
    _log.info("in main %s", a)
    load()
