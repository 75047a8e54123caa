# $
# L28 the level is set for one run and restored after it
#   1 + log| INFO - levels - Running command 'main'
#   1 + log| INFO - levels - Started
#   1 + log| INFO - main - info
#   1 + log| WARNING - main - warning
#   1 + log| INFO - levels - Completed after H:MM:SS
#   1 + log| WARNING - levels - No observers have been added to this run
# text no heartbeat is started, or said to be started, for a run that nobody observes
#   1 - log| DEBUG - levels - Starting Heartbeat
#   1 - log| DEBUG - levels - Stopping Heartbeat
import logging

from sacred import Experiment

ex = Experiment("levels")


@ex.main
def main(_log):
    _log.debug("debug")
    _log.info("info")
    _log.warning("warning")


for level in ("ERROR", None, "DEBUG", 30, "CRITICAL"):
    options = {} if level is None else {"--loglevel": level}
    ex.run(config_updates={"seed": 1}, options=options)
    print(level)
